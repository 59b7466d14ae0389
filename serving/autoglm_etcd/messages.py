"""The messages of etcd's v3 API, from a table: name -> number, type and name of each field that is used here.

Source: etcdserverpb/rpc.proto, mvccpb/kv.proto and authpb/auth.proto of etcd 3.6.4. Enumerations are plain numbers,
which is the same on the wire; what is left out, protobuf skips. No generated code, so nothing to generate first.
"""

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_HEADER: Final = "1 ResponseHeader header"
_TABLE: Final = {
    "ResponseHeader": "1 uint64 cluster_id, 2 uint64 member_id, 3 int64 revision, 4 uint64 raft_term",
    "KeyValue": "1 bytes key, 2 int64 create_revision, 3 int64 mod_revision, 4 int64 version,"
    " 5 bytes value, 6 int64 lease",
    "RangeRequest": "1 bytes key, 2 bytes range_end, 3 int64 limit, 4 int64 revision,"
    " 7 bool serializable, 8 bool keys_only",
    "RangeResponse": f"{_HEADER}, 2 KeyValue* kvs, 3 bool more, 4 int64 count",
    "PutRequest": "1 bytes key, 2 bytes value, 3 int64 lease",
    "PutResponse": _HEADER,
    "DeleteRangeRequest": "1 bytes key, 2 bytes range_end",
    "DeleteRangeResponse": f"{_HEADER}, 2 int64 deleted",
    "RequestOp": "1 RangeRequest request_range, 2 PutRequest request_put, 3 DeleteRangeRequest request_delete_range",
    "ResponseOp": "1 RangeResponse response_range, 2 PutResponse response_put,"
    " 3 DeleteRangeResponse response_delete_range",
    "Compare": "1 int32 result, 2 int32 target, 3 bytes key, 4 int64 version, 5 int64 create_revision,"
    " 6 int64 mod_revision,"
    " 7 bytes value, 8 int64 lease",
    "TxnRequest": "1 Compare* compare, 2 RequestOp* success, 3 RequestOp* failure",
    "TxnResponse": f"{_HEADER}, 2 bool succeeded, 3 ResponseOp* responses",
    "CompactionRequest": "1 int64 revision, 2 bool physical",
    "CompactionResponse": _HEADER,
    "Event": "1 int32 type, 2 KeyValue kv",
    "WatchCreateRequest": "1 bytes key, 2 bytes range_end, 3 int64 start_revision, 4 bool progress_notify",
    "WatchRequest": "1 WatchCreateRequest create_request",
    "WatchResponse": f"{_HEADER}, 2 int64 watch_id, 3 bool created, 4 bool canceled, 5 int64 compact_revision,"
    " 6 string cancel_reason, 11 Event* events",
    "LeaseGrantRequest": "1 int64 TTL, 2 int64 ID",
    "LeaseGrantResponse": f"{_HEADER}, 2 int64 ID, 3 int64 TTL, 4 string error",
    "LeaseRevokeRequest": "1 int64 ID",
    "LeaseRevokeResponse": _HEADER,
    "LeaseKeepAliveRequest": "1 int64 ID",
    "LeaseKeepAliveResponse": f"{_HEADER}, 2 int64 ID, 3 int64 TTL",
    "Member": "1 uint64 ID, 2 string name, 3 string* peerURLs, 4 string* clientURLs, 5 bool isLearner",
    "MemberAddRequest": "1 string* peerURLs, 2 bool isLearner",
    "MemberAddResponse": f"{_HEADER}, 2 Member member, 3 Member* members",
    "MemberRemoveRequest": "1 uint64 ID",
    "MemberRemoveResponse": f"{_HEADER}, 2 Member* members",
    "MemberListRequest": "1 bool linearizable",
    "MemberListResponse": f"{_HEADER}, 2 Member* members",
    "MemberPromoteRequest": "1 uint64 ID",
    "MemberPromoteResponse": f"{_HEADER}, 2 Member* members",
    "DefragmentRequest": "",
    "DefragmentResponse": _HEADER,
    "MoveLeaderRequest": "1 uint64 targetID",
    "MoveLeaderResponse": _HEADER,
    "AlarmRequest": "1 int32 action, 2 uint64 memberID, 3 int32 alarm",
    "AlarmMember": "1 uint64 memberID, 2 int32 alarm",
    "AlarmResponse": f"{_HEADER}, 2 AlarmMember* alarms",
    "StatusRequest": "",
    "StatusResponse": f"{_HEADER}, 2 string version, 3 int64 dbSize, 4 uint64 leader,"
    " 5 uint64 raftIndex, 6 uint64 raftTerm,"
    " 7 uint64 raftAppliedIndex, 8 string* errors, 9 int64 dbSizeInUse, 10 bool isLearner, 12 int64 dbSizeQuota",
    "HashKVRequest": "1 int64 revision",
    "HashKVResponse": f"{_HEADER}, 2 uint32 hash, 3 int64 compact_revision, 4 int64 hash_revision",
    "SnapshotRequest": "",
    "SnapshotResponse": f"{_HEADER}, 2 uint64 remaining_bytes, 3 bytes blob, 4 string version",
    "UserAddOptions": "1 bool no_password",
    "Permission": "1 int32 permType, 2 bytes key, 3 bytes range_end",
    "AuthEnableRequest": "",
    "AuthEnableResponse": _HEADER,
    "AuthStatusRequest": "",
    "AuthStatusResponse": f"{_HEADER}, 2 bool enabled, 3 uint64 authRevision",
    "AuthUserAddRequest": "1 string name, 3 UserAddOptions options",
    "AuthUserAddResponse": _HEADER,
    "AuthUserGrantRoleRequest": "1 string user, 2 string role",
    "AuthUserGrantRoleResponse": _HEADER,
    "AuthRoleAddRequest": "1 string name",
    "AuthRoleAddResponse": _HEADER,
    "AuthRoleGrantPermissionRequest": "1 string name, 2 Permission perm",
    "AuthRoleGrantPermissionResponse": _HEADER,
}  # fmt: skip
_SCALARS: Final = {
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
}
_PACKAGE: Final = "autoglm.etcd"  # a pool of its own, so any name does: names are not on the wire


def _fields(row: str) -> Iterator[FieldDescriptorProto]:
    for text in filter(None, row.split(",")):
        number, kind, name = text.split()
        field = FieldDescriptorProto(name=name, number=int(number))
        repeated = kind.endswith("*")
        field.label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
        kind = kind.removesuffix("*")
        if kind in _SCALARS:
            field.type = _SCALARS[kind]
        else:
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
        yield field


def _pool() -> DescriptorPool:
    messages = [DescriptorProto(name=name, field=_fields(row)) for name, row in _TABLE.items()]
    file = FileDescriptorProto(name="etcd.proto", package=_PACKAGE, syntax="proto3", message_type=messages)
    pool = DescriptorPool()
    pool.Add(file)
    return pool


_POOL: Final = _pool()


def message(name: str) -> Any:
    """The class of a message, such as `PutRequest`."""
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
