using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ExitSnoop.Bpf;

/// <summary>A BPF hash map that is loaded. The file descriptor belongs to the <see cref="BpfObject"/>.</summary>
internal readonly unsafe struct BpfMap<TKey, TValue>(int fd)
    where TKey : unmanaged
    where TValue : unmanaged
{
    internal bool TryGet(TKey key, out TValue value)
    {
        value = default;
        fixed (TValue* found = &value)
            return LibBpf.bpf_map_lookup_elem(fd, &key, found) == 0;
    }

    /// <exception cref="Win32Exception">The map is full, or the kernel refused.</exception>
    internal void Set(TKey key, TValue value)
    {
        if (LibBpf.bpf_map_update_elem(fd, &key, &value, 0) < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    internal bool Remove(TKey key) => LibBpf.bpf_map_delete_elem(fd, &key) == 0;

    /// <summary>The keys. A key that is added or removed meanwhile may or may not be among them.</summary>
    internal IReadOnlyCollection<TKey> Keys
    {
        get
        {
            // If the last key was removed meanwhile, the kernel begins again at the first (htab_map_get_next_key() in
            // kernel/bpf/hashtab.c), so a key that was already seen ends the loop.
            HashSet<TKey> keys = [];
            TKey key, next;
            TKey* last = null;
            while (LibBpf.bpf_map_get_next_key(fd, last, &next) == 0 && (keys.Add(next) || last is null))
            {
                key = next;
                last = &key;
            }
            return keys;
        }
    }

    internal bool IsEmpty
    {
        get
        {
            TKey first;
            return LibBpf.bpf_map_get_next_key(fd, null, &first) < 0;
        }
    }
}
