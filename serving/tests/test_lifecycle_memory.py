import pytest
from lifecycle_fakes import FakeModel, World

from autoglm_serving.api.models import ModelNotReady
from autoglm_serving.lifecycle.memory import default_budget, make_room


def test_a_model_is_loaded_when_it_is_first_asked_for():
    world = World(eager=False)
    world.catalogue.say("m", "1")
    world.settle()
    assert world.states() == {"m/1": "found"}
    assert world.registry.ready(), "the request that loads it must come through"
    with pytest.raises(ModelNotReady) as caught, world.registry.lease("m"):
        pass
    assert caught.value.retry_after >= 1
    world.settle()
    assert world.served() == "1"


def test_the_least_recently_used_model_makes_room():
    world = World(budget=20, eager=False)
    for name in "abc":
        world.catalogue.say(name, "1")
        world.settle()
        with pytest.raises(ModelNotReady), world.registry.lease(name):
            pass
        world.settle()
        if name != "c":
            world.served(name)
            world.clock.now += 1
            world.served("a")
    assert world.states() == {"a/1": "active", "b/1": "found", "c/1": "active"}
    assert "least recently used" in world.reason("b/1")


def test_a_model_in_use_is_not_unloaded():
    world = World(budget=10, eager=False)
    world.catalogue.say("a", "1")
    world.catalogue.say("b", "1")
    world.settle()
    for name in "ab":
        with pytest.raises(ModelNotReady), world.registry.lease(name):
            pass
        if name == "a":
            world.settle()
            lease = world.registry.lease("a")
            held: FakeModel = lease.__enter__()
    world.settle()
    assert not held.closed
    assert "waits for" in world.reason("b/1")
    lease.__exit__(None, None, None)
    world.settle()
    assert held.closed
    assert world.served("b") == "1"


def test_two_models_that_do_not_fit_together_do_not_throw_each_other_out_unused():
    world = World(budget=10, eager=False)
    for name in "ab":
        world.catalogue.say(name, "1")
    world.settle()
    for name in "ab":
        with pytest.raises(ModelNotReady), world.registry.lease(name):
            pass
    world.settle()
    assert world.served("a") == "1", "whoever waited for it gets it before it goes"
    world.settle()
    assert world.served("b") == "1"


def test_eager_loading_stops_where_memory_does():
    world = World(budget=20)
    for name in "abc":
        world.catalogue.say(name, "1")
    world.settle()
    assert sorted(world.states().values()) == ["active", "active", "found"]
    assert len(world.loader.made) == 2


def test_a_new_version_that_does_not_fit_beside_the_old_one_waits():
    world = World(budget=15)
    world.catalogue.say("m", "1")
    world.settle()
    world.catalogue.say("m", "1", "2")
    world.settle()
    assert world.served() == "1"
    assert world.states()["m/2"] == "found"
    assert "waits for" in world.reason("m/2")


def test_a_stand_by_makes_room_at_once():
    world = World(budget=20)
    for versions in (["1"], ["1", "2"], ["1", "2", "3"]):
        world.catalogue.say("m", *versions)
        world.settle()
    assert world.served() == "3"
    assert world.states()["m/1"] == "retired"


def test_what_can_never_fit_fails_and_names_the_flag():
    world = World(budget=5)
    world.catalogue.say("m", "1")
    world.settle()
    assert world.states() == {"m/1": "failed"}
    assert "--model-memory-budget" in world.reason("m/1")


def test_the_budget_is_a_share_of_the_container(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemFree: 1 kB\nMemTotal: 1000 kB\n")
    assert default_budget(tmp_path, meminfo) == int(1000 * 1024 * 0.85)
    (tmp_path / "memory.max").write_text("max\n")
    assert default_budget(tmp_path, meminfo) == int(1000 * 1024 * 0.85)
    (tmp_path / "memory.max").write_text("1000\n")
    assert default_budget(tmp_path, meminfo) == 850


def test_no_more_is_sent_away_than_must_be():
    class Block:
        bytes = 10

    blocks = [Block(), Block(), Block()]
    assert make_room(10, 30, 15, blocks) == []
    assert make_room(10, 30, 25, blocks) == blocks[:1]
    assert make_room(40, 30, 30, blocks) is None
