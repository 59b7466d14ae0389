"""A client of etcd's v3 API: keys, transactions, leases, watches, members. For servers, and for what keeps etcd itself.

Own code over gRPC, since the kept libraries fall short (2026-11): aetcd 1.0 knows one endpoint, no learners and no
users, and its watch ends at a compaction or a lost member; etcd3gw 2.7 goes through etcd's JSON gateway, which can't
tell clients apart by their certificates.
"""
