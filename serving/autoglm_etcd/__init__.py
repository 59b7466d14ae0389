"""A client of etcd's v3 API: keys, transactions, leases, watches, members. For servers, and for what keeps etcd itself.

Own code, since no kept library speaks it from Python: the ones there are have not been released for years, know neither
etcd 3.5's learners nor a watch that goes on after a compaction. gRPC does the work.
"""
