namespace ExitSnoop.Cli.Arguments;

/// <summary>The texts that --help, --version and a wrong command line print.</summary>
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
                         [--metrics FILE] [-n COUNT] [--timeout SECONDS]
                         [filters] [tracing]
               exitsnoop --read FILE... [--after TIME] [--before TIME] [--oldest]
                         [--follow [--timeout SECONDS]] [-n COUNT] [filters]
                         [output]
        """;

    internal const string Help = Usage +
        """


        Print a line for each process that exits: its exit status, or the signal that killed it.

        options:
          -h, --help            print this help and exit
          -t, --timestamp       print the time of the exit, local time
          --utc                 print the time of the exit in UTC (-t is not needed)
          -p PID, --pid PID     only this process, until it exits
          --label LABEL         print LABEL in each line
          -x, --failed          only failures: a status other than 0, or a signal
          --per-thread          one line for each thread that exits

        more filters, combined with AND:
          --include-children    with -p: all descendants too, until the last exits
          --parent PID          only children of this process
          --name PATTERN        only this name; *, ? and [a-z] are wildcards
          --user USER           only processes of this user, a name or a number
          --signal SIGNAL       only those killed by this signal: SEGV, 11, RTMIN+1
          --exit-code CODE      only those with this status, 0 to 255; 137 is KILL
          --crashed             only those that a fault, another signal that dumps
                                core by default, or the OOM killer killed
          --oom-killed          only those that the kernel killed to free memory
          --executable-path FILE
                                only this executable, wildcards too: '/opt/*'
          --service NAME        only processes of this systemd service: nginx, 'app@*'
          --container-id ID     only processes in this container; the start of its ID
                                is enough
          --exclude-name PATTERN
                                leave out this name
          --exclude-user USER   leave out the processes of this user
          --minimum-age SECONDS
                                only those that lived at least this long
          --cgroup PATH         only those in this control group (cgroup) or below it
                                (filters with a value can be repeated, except
                                --minimum-age and --cgroup; PID, USER, SIGNAL
                                and CODE also take lists: -p 181,182)

        output and end:
          --why                 print who or what ended each process, and its command
          --json                print one JSON object a line, with all properties
          --stack-trace         print the calls of each process that crashed
          -n COUNT, --max-events COUNT
                                end after this number of lines
          --timeout SECONDS     end after this time

        recording exits, to read them later:
          --record DIRECTORY    keep every exit in this directory
          --max-size SIZE       delete the oldest exits above this size (default 1G)
          --max-age TIME        delete older exits (default 30d)
          --keep-free SIZE      keep this much of the disk free: 5G or 10% (default:
                                10%, at most 1G)
          --no-arguments        do not record arguments, which can hold passwords
          --group NAME          let this group read the recording

        counting, for alerts:
          --metrics FILE        count exits in this file, for Prometheus; it is written
                                every 15 seconds. Only exits that pass the filters are
                                counted. They are also printed if --why, --json, -t,
                                --utc, --label or --stack-trace is given

        reading a recording:
          --read FILE           print what was recorded in this directory or these files,
                                the newest first, as --why does (-t: as a table); also
                                what --json printed, compressed by gzip or not
          --after TIME          only at this time or later: -8h, 14:30,
                                2026-11-25T14:30
          --before TIME         only at this time or earlier
          --oldest              print the oldest first
          --follow              print the last 10 (-n COUNT), and then exits as they
                                are recorded

        tracing:
          --basic               collect only what the table shows; this costs least
          --buffer-size MIB     size of the buffer between the kernel and exitsnoop
                                in MiB, a power of two (default: 1 for each
                                processor, rounded up to a power of two, at least
                                16 and at most 128)
          --btf-path FILE       take the kernel's type information (BTF) from this file
          -v, --verbose         print on standard error where the BPF program is
                                attached, and why
          --debug               print the messages of libbpf as well
          --version             print the version and exit

        examples:
            exitsnoop                        # every process that exits
            exitsnoop -x                     # failures only
            exitsnoop -t                     # with the time, as local time
            exitsnoop --utc                  # with the time, in UTC
            exitsnoop -p 181                 # wait for process 181, and print its status
            exitsnoop --label=exit           # with "exit" in each line
            exitsnoop --per-thread           # threads, not processes
            exitsnoop --why -x               # failures with their reason and command line
            exitsnoop --signal SEGV -n 1     # wait for the next segmentation fault
            exitsnoop --why -x --stack-trace # with the calls that led to each crash
            exitsnoop --json --user www-data # for jq and log shippers
            exitsnoop --record /var/log/exitsnoop
            exitsnoop --metrics /var/lib/prometheus/node-exporter/exitsnoop.prom
            exitsnoop --read /var/log/exitsnoop --after -8h --crashed

        exit status:
          0 success, 1 a process given by -p does not exist or did not exit in time,
          2 wrong usage, 65 not a recording, 66 no recording, 70 this system cannot trace,
          73 cannot write to that place, 74 output error, 77 missing privileges
        """;

    internal static string Version => "exitsnoop " + typeof(UsageText).Assembly.GetName().Version?.ToString(3);
}
