"""What watches a region: figures, rules, alerts, dashboards. Data and pure functions; the components are in own.py,
for a Prometheus of the region's own, and in operator.py, for one that the cluster has."""
