"""What no plan may hold: rules over planned resources, for `make preview`, for Pulumi's policy packs and for tests."""

from policies.rules.base import SECRET, UNKNOWN, Resource, Rule, Severity
from policies.rules.judge import Report, Violation, judge
from policies.rules.table import RULES

__all__ = ["RULES", "SECRET", "UNKNOWN", "Report", "Resource", "Rule", "Severity", "Violation", "judge"]
