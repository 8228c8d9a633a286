namespace ExitSnoop.Cli.Tests;

public sealed class OptionValueTests
{
    [Theory]
    [InlineData("-p abc", "argument -p/--pid: invalid value 'abc': not a number from 1 on")]
    [InlineData("-p 0", "argument -p/--pid: invalid value '0': not a number from 1 on")]
    [InlineData("-p -5", "argument -p/--pid: invalid value '-5': not a number from 1 on")]
    [InlineData("-p 1,", "argument -p/--pid: invalid value '': not a number from 1 on")]
    [InlineData("-p 99999999999", "argument -p/--pid: invalid value '99999999999': not a number from 1 on")]
    [InlineData("--exit-code 256", "argument --exit-code: invalid value '256': not a number from 0 to 255")]
    [InlineData("--signal NOPE", "argument --signal: invalid value 'NOPE': not a signal, such as SEGV, SIGSEGV, 11 or RTMIN+1")]
    [InlineData("--signal 0", "argument --signal: invalid value '0': not a signal, such as SEGV, SIGSEGV, 11 or RTMIN+1")]
    [InlineData("--user nosuchuser", "argument --user: invalid value 'nosuchuser': there is no such user")]
    [InlineData("--minimum-age soon", "argument --minimum-age: invalid value 'soon': not a number of seconds from 0 to 1000000000")]
    [InlineData("--timeout -1", "argument --timeout: invalid value '-1': not a number of seconds from 0 to 1000000000")]
    [InlineData("--timeout NaN", "argument --timeout: invalid value 'NaN': not a number of seconds from 0 to 1000000000")]
    [InlineData("-n 0", "argument -n/--max-events: invalid value '0': not a number from 1 on")]
    [InlineData("--buffer-size 12", "argument --buffer-size: invalid value '12': not a power of two")]
    [InlineData("--buffer-size 0", "argument --buffer-size: invalid value '0': not a number from 1 to 1024")]
    [InlineData("--why --json", "argument --json: not allowed with argument --why")]
    [InlineData("--json --why", "argument --why: not allowed with argument --json")]
    [InlineData("--basic --why", "argument --why: not allowed with argument --basic")]
    [InlineData("--basic --crashed", "argument --crashed: not allowed with argument --basic")]
    [InlineData("--exclude-user nobody-knows", "argument --exclude-user: invalid value 'nobody-knows': there is no such user")]
    [InlineData("--include-children", "argument --include-children: needs -p/--pid")]
    [InlineData("--read /x --after soon", "argument --after: invalid value 'soon': not a time, such as -8h, 14:30, 2026-11-25 or 2026-11-25T14:30:00")]
    [InlineData("--read /x --after -8x", "argument --after: expected one argument")]
    [InlineData("--after -8h", "argument --after: needs --read")]
    [InlineData("--max-size 1G", "argument --max-size: needs --record")]
    [InlineData("--record /x --max-size 1000", "argument --max-size: invalid value '1000': less than 1M")]
    [InlineData("--record /x --max-size much", "argument --max-size: invalid value 'much': not a size, such as 500M or 1G")]
    [InlineData("--record /x --max-age 0", "argument --max-age: invalid value '0': not a time, such as 30d, 12h or 3600")]
    [InlineData("--record /x --keep-free 100%", "argument --keep-free: invalid value '100': not a number from 0 to 99")]
    [InlineData("--record /x --json", "argument --json: not allowed with argument --record")]
    [InlineData("--record /x --read /x", "argument --read: not allowed with argument --record")]
    [InlineData("--read /x --basic", "argument --basic: not allowed with argument --read")]
    [InlineData("--read /x --timeout 1", "argument --timeout: needs --follow where a recording is read")]
    [InlineData("--read /x --follow --oldest", "argument --oldest: not allowed with argument --follow")]
    [InlineData("--metrics /x --basic", "argument --metrics: not allowed with argument --basic")]
    [InlineData("--metrics /x --per-thread", "argument --per-thread: not allowed with argument --metrics")]
    [InlineData("--metrics /x --read /y", "argument --metrics: not allowed with argument --read")]
    [InlineData("--metrics=", "argument --metrics: invalid value '': not the name of a file")]
    public void A_wrong_value_or_combination_is_a_usage_error_that_names_option_and_range(string line, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => CommandLine.Read(line.Split(' '))).Message);

    [Fact]
    public void Filters_reach_the_trace()
    {
        ExitTraceOptions options = CommandLine.Read(
            ["-p", "1,2", "-p3", "--include-children", "--parent=4", "--user", "root,7", "--signal", "SEGV,9", "--signal=RTMIN+1",
             "--exit-code", "0,255", "--minimum-age", "1.5", "--cgroup", "/a", "--buffer-size", "64", "--btf-path", "/b",
             "-x", "--per-thread", "--utc", "--label=l", "--json"]).Trace;
        Assert.Equal([1, 2, 3], options.Ids);
        Assert.True(options.IncludeChildren);
        Assert.Equal([4], options.ParentIds);
        Assert.Equal([0u, 7u], options.Users);
        Assert.Equal([Signal.SEGV, Signal.KILL, Signal.RTMIN_1], options.Signals);
        Assert.Equal([0, 255], options.ExitCodes);
        Assert.Equal(TimeSpan.FromSeconds(1.5), options.MinimumAge);
        Assert.Equal(("/a", "/b", 64, "l"), (options.Cgroup, options.BtfPath, options.BufferSize, options.Label));
        Assert.True(options is { Failed: true, PerThread: true, Utc: true, Basic: false });
    }

    [Fact]
    public void What_is_left_out_and_why_it_died_reach_the_trace()
    {
        ExitTraceOptions options = CommandLine.Read(
            ["--crashed", "--oom-killed", "--exclude-name", "cron*", "--exclude-user=root,7", "--executable-path", "/opt/*", "--executable-path=/srv/a"]).Trace;
        Assert.True(options is { Crashed: true, OomKilled: true, Basic: false });
        Assert.Equal((true, false), (options.ExcludedNameFilter!("CRON"), options.ExcludedNameFilter("sh")));
        Assert.Equal([0u, 7u], options.ExcludedUsers);
        Assert.Equal((true, true, false), (options.PathFilter!("/opt/b"), options.PathFilter("/srv/a"), options.PathFilter("/OPT/b")));
    }

    [Fact]
    public void Nothing_asked_for_is_nothing_filtered()
    {
        CommandLine line = CommandLine.Read([]);
        Assert.Equal((RunMode.Watch, View.Table, false), (line.Mode, line.View, line.Timestamp));
        Assert.Empty(line.Trace.Ids);
        Assert.Null(line.Trace.NameFilter);
        Assert.Null(line.Trace.Label);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("--json", false)]
    [InlineData("--why", false)]
    [InlineData("--json --basic", true)]
    [InlineData("--name systemd-journald", false)]
    [InlineData("--crashed", false)]
    [InlineData("--exclude-name cron", false)]
    public void Details_are_collected_only_where_they_are_shown_or_asked_for(string line, bool basic) =>
        Assert.Equal(basic, CommandLine.Read(line.Length == 0 ? [] : line.Split(' ')).Trace.Basic);

    [Fact]
    public void An_empty_label_means_exit() => Assert.Equal("exit", CommandLine.Read(["--label="]).Trace.Label);

    [Fact]
    public void Utc_implies_timestamp() => Assert.True(CommandLine.Read(["--utc"]).Timestamp);

    [Fact]
    public void Of_several_names_one_must_match()
    {
        Func<string, bool> filter = CommandLine.Read(["--name", "ng*", "--name=sh"]).Trace.NameFilter!;
        Assert.True(filter("nginx"));
        Assert.True(filter("sh"));
        Assert.False(filter("bash"));
    }
}
