"""What must hold between the fields of a region file: a table of rules, each a pure function to problems."""

from collections.abc import Callable, Iterator
from pathlib import Path

from stacks.cloud import CloudParts
from stacks.problems import Problem
from stacks.rules import (
    addresses,
    cards,
    etcd,
    exposure,
    gateway,
    gpu,
    monitoring,
    network,
    pools,
    production,
    recovery,
    rollout,
    scaling,
    sharing,
    spot,
    storage,
    telemetry,
    workloads,
)
from stacks.schema import CloudRegion, RegionSpec

_EVERYWHERE: tuple[Callable[[RegionSpec], Iterator[Problem]], ...] = (
    workloads.drain_covers_streams,
    workloads.quota_holds_everything,
    workloads.images_have_digests,
    production.etcd_survives_a_loss,
    monitoring.promises_can_be_watched,
    monitoring.budget_has_prices,
    monitoring.someone_is_told,
    etcd.snapshots_leave_the_cluster,
    etcd.restore_has_a_store,
    etcd.members_share_their_snapshots,
    pools.names_are_apart,
    pools.marks_are_allowed,
    sharing.mode_is_possible,
    sharing.slices_exist,
    sharing.parts_are_of_a_card,
    gpu.pool_exists,
    gpu.model_splits_over_its_cards,
    gpu.model_fits_its_cards,
    cards.islands_are_of_a_node,
    cards.links_are_as_asked,
    cards.cards_run_vllm,
    cards.numbers_are_the_card_s,
    gpu.some_pool_holds_the_model,
    gpu.pool_holds_all_servers,
    gpu.an_update_keeps_a_server,
    exposure.certificate_has_a_holder,
    rollout.version_can_be_held_beside_another,
    rollout.canary_has_a_version,
    gateway.shared_limits_have_what_counts,
    gateway.nobody_denies_everybody,
    gateway.keys_are_numbered_once,
    gateway.one_way_chooses_servers,
    gateway.addresses_are_the_clients,
    gateway.tls_ends_once,
    gateway.certificate_has_a_name,
    scaling.numbers_agree,
    scaling.somebody_shows_the_figures,
    scaling.nodes_can_be_added,
    scaling.who_waits_is_heard,
    scaling.the_check_is_answered,
    telemetry.somebody_collects,
    telemetry.the_token_is_kept,
)
_ON_CLOUDS: tuple[Callable[[CloudRegion], Iterator[Problem]], ...] = (
    network.region_is_known,
    network.zones_are_the_region_s,
    addresses.ranges_are_private,
    addresses.ranges_are_apart,
    addresses.subnets_match_zones,
    addresses.subnets_are_inside_and_apart,
    addresses.subnets_are_large_enough,
    production.etcd_has_zones,
    etcd.snapshots_meet_the_rpo,
    etcd.snapshots_leave_the_region,
    etcd.images_can_be_pulled,
    production.every_zone_has_its_way_out,
    network.kubernetes_is_new_enough,
    pools.sizes_are_ordered,
    pools.system_type_is_offered,
    pools.types_are_offered,
    pools.zones_are_the_network_s,
    pools.spot_is_sold,
    spot.streams_end_within_the_notice,
    pools.native_is_possible,
    pools.driver_is_new_enough,
    exposure.only_443_is_open,
    exposure.api_is_not_for_everyone,
    exposure.name_has_a_target,
    storage.copy_is_elsewhere,
    storage.what_exists_stays,
    storage.shared_source_has_files,
    recovery.copies_leave_the_region,
    recovery.time_is_enough,
)


def broken(region: RegionSpec, stack: str, folder: Path) -> list[Problem]:
    """Every broken rule; empty when all hold. `folder`: where the files of the other stacks are."""
    problems = [problem for rule in _EVERYWHERE for problem in rule(region)]
    problems += gateway.clients_are_who_they_seem(region, stack)
    if isinstance(region, CloudParts):
        problems += [problem for on_cloud in _ON_CLOUDS for problem in on_cloud(region)]
        problems += recovery.standby_is_elsewhere(region, stack, folder)
    return problems
