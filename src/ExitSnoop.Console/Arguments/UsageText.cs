namespace ExitSnoop.Cli.Arguments;

/// <summary>What --help, --version and a wrong command line print.</summary>
internal static class UsageText
{
    internal const string Usage =
        """
        usage: exitsnoop [-h] [-t] [--utc] [-p PID] [--label LABEL] [-x]
                         [--per-thread] [--include-children] [--parent PID]
                         [--name PATTERN] [--user USER] [--signal SIGNAL]
                         [--exit-code CODE] [--minimum-age SECONDS] [--cgroup PATH]
                         [--crashed] [--oom-killed] [--executable-path FILE]
                         [--service NAME] [--container-id ID]
                         [--exclude-name PATTERN] [--exclude-user USER]
                         [--why | --json] [--stack-trace] [-n COUNT]
                         [--timeout SECONDS] [--basic] [--buffer-size MIB]
                         [--btf-path FILE] [-v] [--debug] [--version]
                         [--metrics FILE]
               exitsnoop --record DIRECTORY [--max-size SIZE] [--max-age TIME]
                         [--keep-free SIZE] [--no-arguments] [--group NAME]
                         [--metrics FILE] [filters]
               exitsnoop --read FILE... [--after TIME] [--before TIME] [--oldest]
                         [--follow] [-n COUNT] [filters] [output]
        """;

    internal const string Help = Usage +
        """


        Print a line for each process that exits: its exit status, or the signal that killed it.

        options:
          -h, --help            print this help and exit
          -t, --timestamp       print the time of death, local time
          --utc                 print the time of death in UTC (with or without -t)
          -p PID, --pid PID     only this process, until it exits
          --label LABEL         print LABEL in each line
          -x, --failed          only failures: no exit(0)
          --per-thread          one line for each thread that exits

        more filters, combined with AND:
          --include-children    with -p: all descendants too, until the last is gone
          --parent PID          only children of this process
          --name PATTERN        only this name; *, ? and [a-z] are wildcards
          --user USER           only processes of this user, a name or a number
          --signal SIGNAL       only those killed by this signal: SEGV, 11, RTMIN+1
          --exit-code CODE      only those with this status, 0 to 255; 137 is KILL
          --crashed             only those that a fault or a core signal killed, or
                                that were killed for memory
          --oom-killed          only those that the OOM killer killed
          --executable-path FILE
                                only this executable, wildcards too: '/opt/*'
          --service NAME        only processes of this systemd service: nginx, 'app@*'
          --container-id ID     only processes in this container; the start of its ID
                                is enough
          --exclude-name PATTERN
                                only other names than this
          --exclude-user USER   only processes of other users than this
          --minimum-age SECONDS
                                only those that lived at least so long
          --cgroup PATH         only those in this control group or below it
                                (filters with a value, but for the last two, can be
                                repeated; PID, USER, SIGNAL and CODE also take
                                lists: -p 181,182)

        output and end:
          --why                 print who or what ended each process, and its command
          --json                print one JSON object a line, with all there is to know
          --stack-trace         print the calls of each process that crashed
          -n COUNT, --max-events COUNT
                                end after so many lines
          --timeout SECONDS     end after so long

        recording exits, to read them later:
          --record DIRECTORY    keep every exit in this directory
          --max-size SIZE       delete the oldest above this size (default 1G)
          --max-age TIME        delete what is older (default 30d)
          --keep-free SIZE      leave so much of the disk free, as 5G or 10% (default:
                                10%, at most 1G)
          --no-arguments        keep no arguments, which can hold passwords
          --group NAME          let this group read the recording

        counting, to be alerted:
          --metrics FILE        count exits in this file, for Prometheus, written every 15
                                seconds. Filters hold for it too. Exits are also printed
                                if --why, --json, -t, --utc, --label or --stack-trace
                                says how

        reading a recording:
          --read FILE           print what was recorded in this directory or these files,
                                the newest first, as --why does (-t: as a table); also
                                what --json printed, compressed by gzip or not
          --after TIME          only since then: -8h, 14:30, 2026-11-25T14:30
          --before TIME         only until then
          --oldest              the oldest first
          --follow              the last 10 (-n COUNT), and go on with what is recorded

        tracing:
          --basic               collect no more than the table shows: costs least
          --buffer-size MIB     size of the kernel's buffer, a power of two (default
                                16, or 1 for each of more than 16 processors)
          --btf-path FILE       take the kernel's type information from this file
          -v, --verbose         print on standard error what was attached, and how
          --debug               and all that libbpf has to say
          --version             print the version and exit

        examples:
            exitsnoop                        # every process that exits
            exitsnoop -x                     # failures only
            exitsnoop -t                     # with the time, as local time
            exitsnoop --utc                  # with the time, in UTC
            exitsnoop -p 181                 # until process 181 exits, and how it did
            exitsnoop --label=exit           # with "exit" in each line
            exitsnoop --per-thread           # threads, not processes
            exitsnoop --why -x               # who killed it, what was its command line
            exitsnoop --signal SEGV -n 1     # wait for the next segmentation fault
            exitsnoop --why -x --stack-trace # where it crashed, called from where
            exitsnoop --json --user www-data # for jq and log shippers
            exitsnoop --record /var/log/exitsnoop
            exitsnoop --metrics /var/lib/prometheus/node-exporter/exitsnoop.prom
            exitsnoop --read /var/log/exitsnoop --after -8h --crashed

        exit status:
          0 success, 1 a process given by -p does not exist or did not exit in time,
          2 usage, 65 not a recording, 66 no recording, 70 no tracing on this system,
          73 cannot write there, 74 output error, 77 no privilege
        """;

    internal static string Version => "exitsnoop " + typeof(UsageText).Assembly.GetName().Version?.ToString(3);
}
