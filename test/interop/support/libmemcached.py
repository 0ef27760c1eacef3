"""libmemcached at work, driven through its C interface: its own tools know no weighted ketama.

Reads one JSON object from the standard input and writes one to the standard output:
  servers   [[host, port, weight], ...]; a host that begins with / is a unix socket
  command   "map": the index of the server of each key, by libmemcached's own function; no server is asked
            "set": stores every key, with the key as its value; answers how many were stored
            "get": looks every key up; answers how many were found with the key as their value
  keys      [...]
  prefix    a prefix for all keys, as MEMCACHED_CALLBACK_PREFIX_KEY
"""
import ctypes
import ctypes.util
import json
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint16, c_uint32, c_uint64, c_void_p

KETAMA_WEIGHTED = 16  # MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED
PREFIX_KEY = 8  # MEMCACHED_CALLBACK_PREFIX_KEY
SUCCESS = 0  # MEMCACHED_SUCCESS


def load():
    for name in ("libmemcached.so.11", "libmemcached.11.dylib", ctypes.util.find_library("memcached")):
        try:
            return ctypes.CDLL(name) if name else None
        except OSError:
            pass
    return None


library = load()
libc = ctypes.CDLL(None)
if library is None:
    sys.exit("libmemcached is not installed")


def function(owner, name, result, *arguments):
    found = getattr(owner, name)
    found.restype = result
    found.argtypes = arguments
    return found


create = function(library, "memcached_create", c_void_p, c_void_p)
set_behavior = function(library, "memcached_behavior_set", c_int, c_void_p, c_int, c_uint64)
set_callback = function(library, "memcached_callback_set", c_int, c_void_p, c_int, c_char_p)
add_server = function(
    library, "memcached_server_add_with_weight", c_int, c_void_p, c_char_p, c_uint16, c_uint32
)
add_socket = function(
    library, "memcached_server_add_unix_socket_with_weight", c_int, c_void_p, c_char_p, c_uint32
)
generate_hash = function(library, "memcached_generate_hash", c_uint32, c_void_p, c_char_p, c_size_t)
store = function(
    library, "memcached_set", c_int, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_uint64, c_uint32
)
retrieve = function(
    library, "memcached_get", c_void_p, c_void_p, c_char_p, c_size_t, POINTER(c_size_t), POINTER(c_uint32), POINTER(c_int)
)
release = function(libc, "free", None, c_void_p)


def check(code, what):
    if code != SUCCESS:
        sys.exit(f"{what}: libmemcached answers {code}")


def client(servers, prefix):
    memc = create(None)
    for host, port, weight in servers:
        if host.startswith("/"):
            check(add_socket(memc, host.encode(), weight), host)
        else:
            check(add_server(memc, host.encode(), port, weight), host)
    # After the servers, or the ring would be built for each of them.
    check(set_behavior(memc, KETAMA_WEIGHTED, 1), "ketama_weighted")
    if prefix:
        check(set_callback(memc, PREFIX_KEY, prefix.encode()), "prefix")
    return memc


def stored(memc, key):
    return store(memc, key, len(key), key, len(key), 0, 0) == SUCCESS


def found(memc, key):
    length, flags, code = c_size_t(), c_uint32(), c_int()
    value = retrieve(memc, key, len(key), byref(length), byref(flags), byref(code))
    if not value:
        return False
    same = ctypes.string_at(value, length.value) == key
    release(value)
    return same


def answer(request):
    memc = client(request["servers"], request.get("prefix"))
    keys = [key.encode() for key in request["keys"]]
    if request["command"] == "map":
        return [generate_hash(memc, key, len(key)) for key in keys]
    if request["command"] == "set":
        return sum(stored(memc, key) for key in keys)
    return sum(found(memc, key) for key in keys)


json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
