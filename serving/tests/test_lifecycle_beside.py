"""A version beside the active one, as a fleet's catalogue wants it: loaded, tried by who asks, switched to."""

from lifecycle_fakes import BROKEN, World


def trial(world: World) -> str:
    with world.registry.lease("m", trial=True) as loaded:
        return loaded.version


def test_a_version_on_trial_is_loaded_and_answers_only_who_asks_for_it():
    world = World()
    world.catalogue.say("m", "1", "2", chosen="1", trial="2", beside=("1", "2"))
    world.settle()
    assert world.states() == {"m/1": "active", "m/2": "ready"}
    assert (world.served(), trial(world)) == ("1", "2")
    world.settle(seconds=600)
    assert world.states() == {"m/1": "active", "m/2": "ready"}, "it stays as long as it is on trial"


def test_without_an_active_version_nothing_is_made_active_by_the_server_itself():
    world = World()
    world.catalogue.say("m", "1", trial="1", beside=("1",))
    world.settle()
    assert world.states() == {"m/1": "ready"}
    assert not world.registry.ready()
    world.catalogue.say("m", "1", chosen="1", trial="1", beside=("1",))
    world.settle()
    assert world.states() == {"m/1": "active"}
    assert world.registry.ready()


def test_the_version_before_stays_to_go_back_to_until_the_rollout_ends():
    world = World()
    world.catalogue.say("m", "1", chosen="1")
    world.settle()
    world.catalogue.say("m", "1", "2", chosen="2", trial="2", beside=("1", "2"))
    world.settle()
    world.settle(seconds=600)
    assert world.states() == {"m/1": "ready", "m/2": "active"}
    world.catalogue.say("m", "1", chosen="1")
    world.settle()
    assert world.served() == "1"
    world.settle(seconds=600)
    world.settle()
    assert world.states() == {"m/1": "active"}


def test_a_trial_that_failed_leaves_the_share_to_the_active_version():
    world = World()
    world.loader.errors["m/2"] = BROKEN
    world.catalogue.say("m", "1", "2", chosen="1", trial="2", beside=("1", "2"))
    world.settle()
    assert world.states() == {"m/1": "active", "m/2": "failed"}
    assert trial(world) == "1"


def test_the_active_version_s_end_makes_no_trial_active():
    world = World()
    world.catalogue.say("m", "1", "2", chosen="1", trial="2", beside=("2",))
    world.settle()
    world.loader.made[0].dead = True
    world.settle()
    assert world.states()["m/2"] == "ready"
    assert not world.registry.alive(), "a new process loads the active version again"


def test_a_trial_waits_for_memory_and_says_what_it_needs():
    world = World(budget=15)
    world.catalogue.say("m", "1", "2", chosen="1", trial="2", beside=("2",))
    world.settle()
    assert world.states() == {"m/1": "active", "m/2": "found"}
    assert "waits for" in world.reason("m/2")
