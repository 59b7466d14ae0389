import threading

import pytest
from harness import eventually
from hypothesis import given, settings
from hypothesis import strategies as st
from lifecycle_fakes import BROKEN, World

from autoglm_serving.api.models import UnknownModel
from autoglm_serving.lifecycle.state import State


@pytest.fixture
def world() -> World:
    return World()


def test_the_newest_version_is_loaded_and_served(world: World):
    world.catalogue.say("m", "1", "2")
    assert not world.registry.ready()
    world.settle()
    assert world.served() == "2"
    assert world.served(None) == "2"
    assert world.registry.ready()
    assert world.states() == {"m/2": "active", "m/1": "found"}


def test_states_are_published_in_their_order(world: World):
    world.loader.gate = threading.Event()
    world.catalogue.say("m", "1")
    world.registry.refresh()
    world.loader.gate.set()
    world.settle()
    seen = [statuses[0].state for statuses in world.catalogue.published]
    assert (seen[0], seen[-1]) == (State.LOADING, State.ACTIVE)


def test_a_new_version_takes_over_between_requests_and_the_old_one_drains(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    with world.registry.lease("m") as old:
        world.catalogue.say("m", "1", "2")
        world.settle()
        assert world.served() == "2"
        assert world.states() == {"m/2": "active", "m/1": "ready"}
        world.settle(60)
        assert world.states()["m/1"] == "retired"
        assert not old.closed, "a request holds it"
    world.settle()
    assert old.closed
    assert world.registry.statuses()[1].bytes == 0


def test_requests_are_served_while_a_version_is_being_loaded(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.loader.gate = threading.Event()
    world.catalogue.say("m", "1", "2")
    world.clock.now += 5
    world.registry.refresh()
    assert world.states()["m/2"] == "loading"
    assert world.served() == "1"
    world.loader.gate.set()
    world.settle()
    assert world.served() == "2"


def test_a_version_that_can_not_be_loaded_leaves_the_old_one_and_says_why(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.loader.errors["m/2"] = BROKEN
    world.catalogue.say("m", "1", "2")
    world.settle()
    assert world.served() == "1"
    assert world.states()["m/2"] == "failed"
    assert world.reason("m/2") == str(BROKEN)


def test_at_the_start_an_older_version_stands_in_for_a_broken_one(world: World):
    world.loader.errors["m/2"] = BROKEN
    world.catalogue.say("m", "1", "2")
    world.settle()
    assert world.served() == "1"


def test_a_broken_version_is_tried_again_when_its_files_change_and_not_before(world: World):
    world.loader.errors["m/1"] = BROKEN
    world.catalogue.say("m", "1")
    world.settle()
    world.loader.errors.clear()
    world.settle(3600)
    assert world.states() == {"m/1": "failed"}
    world.catalogue.say("m", "1", files="b")
    world.settle()
    assert world.served() == "1"


def test_what_is_no_fault_of_the_model_is_tried_again_later(world: World):
    world.loader.errors["m/1"] = OSError("stale file handle")
    world.catalogue.say("m", "1")
    world.settle()
    assert "stale file handle; tried again in 15 s" in world.reason("m/1")
    world.loader.errors.clear()
    world.settle(10)
    assert world.states() == {"m/1": "failed"}
    world.settle(10)
    assert world.served() == "1"


@pytest.mark.parametrize("trouble", [{"dead": True}, {"why": "4 of 5 requests failed"}])
def test_trouble_after_a_switch_rolls_back(world: World, trouble: dict[str, object]):
    world.catalogue.say("m", "1")
    world.settle()
    world.catalogue.say("m", "1", "2")
    world.settle()
    for name, value in trouble.items():
        setattr(world.loader.made[-1], name, value)
    world.settle()
    assert world.served() == "1"
    assert world.states() == {"m/2": "rolled_back", "m/1": "active"}
    assert "version 1 took over again" in world.reason("m/2")
    assert world.registry.counts() == {"m": 1}
    assert world.loader.made[-1].closed
    assert world.registry.alive()


def test_the_first_request_after_a_death_already_gets_the_old_version(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.catalogue.say("m", "1", "2")
    world.settle()
    world.loader.made[-1].dead = True
    assert world.served() == "1"


def test_without_a_stand_by_a_dead_engine_needs_a_new_process(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.loader.made[0].dead = True
    world.settle()
    assert not world.registry.alive()
    assert not world.registry.ready()


def test_a_chosen_version_is_served_and_another_choice_switches_back(world: World):
    world.catalogue.say("m", "1", "2", chosen="1")
    world.settle()
    assert world.served() == "1"
    world.catalogue.say("m", "1", "2", chosen="2")
    world.settle()
    assert world.served() == "2"
    world.catalogue.say("m", "1", "2", chosen="1")
    world.settle()
    assert world.served() == "1"
    assert len(world.loader.made) == 2, "the stand-by took over without being loaded again"


def test_a_version_can_be_asked_for_while_it_is_in_memory(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.catalogue.say("m", "1", "2")
    world.settle()
    with world.registry.lease("m", "1") as loaded:
        assert loaded.version == "1"
    world.settle(60)
    with pytest.raises(UnknownModel), world.registry.lease("m", "1"):
        pass
    with pytest.raises(UnknownModel), world.registry.lease("m", "3"):
        pass


@pytest.mark.parametrize("name", ["none", "../m", "m/1", "", None])
def test_an_unknown_name_is_refused(world: World, name: str | None):
    world.catalogue.say("m", "1")
    world.catalogue.say("n", "1")
    world.settle()
    with pytest.raises(UnknownModel), world.registry.lease(name):
        pass


def test_a_model_whose_files_are_gone_drains_and_is_forgotten(world: World):
    world.catalogue.say("m", "1")
    world.catalogue.say("n", "1")
    world.settle()
    with world.registry.lease("m") as loaded:
        del world.catalogue.models["m"]
        world.settle()
        assert world.states()["m/1"] == "retired"
        assert not loaded.closed
    world.settle()
    world.settle()
    assert loaded.closed
    assert world.states() == {"n/1": "active"}


def test_a_catalogue_that_can_not_be_read_changes_nothing(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.catalogue.down = True
    world.catalogue.say("m", "2")
    world.settle()
    assert world.served() == "1"
    world.catalogue.down = False
    world.settle()
    assert world.served() == "2"
    assert world.catalogue.published[-1][0].version == "2"


def test_files_that_change_under_a_loaded_version_are_told_and_not_loaded(world: World):
    world.catalogue.say("m", "1")
    world.settle()
    world.catalogue.say("m", "1", files="b")
    world.settle()
    assert "give a changed model a new version" in world.reason("m/1")
    assert len(world.loader.made) == 1


def test_the_thread_does_it_all_by_itself():
    world = World()
    world.catalogue.say("m", "1")
    world.registry.start()
    eventually(world.registry.ready)
    assert world.served() == "1"
    world.registry.stop()
    world.registry.stop()
    assert world.loader.made[0].closed
    assert not world.registry.ready()


def test_what_is_loaded_after_the_stop_is_closed():
    world = World()
    world.loader.gate = threading.Event()
    world.catalogue.say("m", "1")
    world.registry.refresh()
    world.registry.stop()
    world.loader.gate.set()
    eventually(lambda: world.loader.made and world.loader.made[0].closed)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["new", "broken", "remove", "kill", "wait", "lease", "release"]), max_size=25))
def test_whatever_happens_at_most_one_version_is_active_and_what_left_is_closed(events: list[str]):
    world, versions, held = World(), ["1"], []
    world.catalogue.say("m", "1")
    world.settle()
    for event in events:
        if event in ("new", "broken"):
            versions.append(str(int(versions[-1]) + 1 if versions else 100))
            if event == "broken":
                world.loader.errors[f"m/{versions[-1]}"] = BROKEN
        elif event == "remove" and len(versions) > 1:
            versions.pop(0)
        elif event == "kill" and world.loader.made:
            world.loader.made[-1].dead = True
        elif event == "lease" and world.registry.ready():
            lease = world.registry.lease("m")
            held.append((lease, lease.__enter__()))
        elif event == "release" and held:
            held.pop()[0].__exit__(None, None, None)
        world.catalogue.say("m", *versions)
        world.settle(61 if event == "wait" else 5)
        assert list(world.states().values()).count("active") <= 1
        assert not any(loaded.closed for _, loaded in held)
    for lease, _ in held:
        lease.__exit__(None, None, None)
    world.settle()
    in_memory = list(world.registry.loaded().values())
    assert all(model.closed != (model in in_memory) for model in world.loader.made)
