using System.Globalization;

namespace ExitSnoop;

/// <summary>Describes the filters of a recorder in words. They are stored in the recording, to show which exits it does not contain.</summary>
internal static class RecordedFilters
{
    /// <summary>The filters in words; empty if every exit is recorded.</summary>
    internal static string Describe(ExitTraceOptions options)
    {
        List<string> words = [];
        void Add(bool isSet, string word)
        {
            if (isSet)
                words.Add(word);
        }

        void AddList<T>(IReadOnlyCollection<T> values, string word)
        {
            if (values.Count > 0)
                words.Add($"{word} {string.Join(',', values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)))}");
        }

        AddList(options.Ids, "ids");
        Add(options.IncludeChildren, "with descendants");
        AddList(options.ParentIds, "children of");
        Add(options.Failed, "failures");
        Add(options.Crashed, "crashes");
        Add(options.OomKilled, "OOM-killed");
        AddList(options.Users, "users");
        AddList(options.ExcludedUsers, "without users");
        AddList(options.Signals, "signals");
        AddList(options.ExitCodes, "exit codes");
        Add(options.MinimumAge > TimeSpan.Zero, string.Create(CultureInfo.InvariantCulture, $"older than {options.MinimumAge.TotalSeconds} s"));
        Add(options.Cgroup is not null, $"cgroup {options.Cgroup}");
        Add(options.NameFilter is not null, "some names");
        Add(options.ExcludedNameFilter is not null, "without some names");
        Add(options.PathFilter is not null, "some executables");
        Add(options.ServiceFilter is not null, "some services");
        Add(options.ContainerFilter is not null, "some containers");
        Add(options.PerThread, "each thread");
        Add(options.Basic, "without details");
        return string.Join(", ", words);
    }
}
