using System.Text.Json;

namespace ExitSnoop.Tests.Kernel;

/// <summary>A tracer in a PID namespace: the IDs are those of this namespace.</summary>
[Collection(KernelTests.Name)]
public sealed class PidNamespaceTests
{
    [Fact]
    public void Ids_are_those_of_the_namespace_and_exits_outside_are_not_shown()
    {
        using Tracer tracer = new(Child.Start(TestProgram.Pidns, ["--proc", .. Tracer.Command]));
        tracer.AwaitAttached();
        int init = OnlyChildOf(tracer.Process.Id);

        using Child outside = Child.Run(TestProgram.Victim, "exit", "3");
        // nsenter itself stays outside, so the parent of the shell has no ID in the namespace.
        using Child nsenter = Child.StartHeld("nsenter", "-t", $"{init}", "-p", "-m", "sh", "-c", "echo $$; \"$0\" exit 4; exit 5", TestProgram.Victim);
        using Recording host = Recording.Start(new() { Ids = [nsenter.Id], IncludeChildren = true });
        nsenter.WriteLine();
        int shell = nsenter.ReadId(), victim = nsenter.ReadId();
        nsenter.Wait();
        Assert.True(host.Ends(TimeSpan.FromSeconds(5)));
        IReadOnlyList<TraceProgram.Line> seen = tracer.Finish();

        Assert.Equal(["code 4", "code 5"], seen.Select(line => line.Status));
        Assert.Equal((victim, shell, victim), (seen[0].Id, seen[0].ParentId, seen[0].NamespaceId));
        Assert.Equal((shell, 0, shell), (seen[1].Id, seen[1].ParentId, seen[1].NamespaceId));
        // The host's own view, by another trace.
        ExitEvent hostVictim = host.Events.Single(exit => exit.Name == "victim"), hostShell = host.Events.Single(exit => exit.Name == "sh");
        Assert.Equal((hostVictim.Id, hostShell.Id), (seen[0].HostId, seen[1].HostId));
        Assert.Equal((victim, shell), (hostVictim.NamespaceId, hostShell.NamespaceId));
        Assert.Equal(hostShell.Id, hostVictim.ParentId);
        Assert.DoesNotContain(outside.Id, seen.Select(line => line.HostId!.Value));
    }

    [Fact]
    public void A_sender_outside_is_0_and_one_inside_has_its_id_there()
    {
        LoadableBpf.Require();
        using Tracer tracer = new(Child.Start(TestProgram.Pidns, ["--proc", .. Tracer.Command]));
        tracer.AwaitAttached();
        int init = OnlyChildOf(tracer.Process.Id);
        using Child victim = Child.Start("nsenter", "-t", $"{init}", "-p", "-m", TestProgram.Victim, "sleep", "30");
        using Child inside = Child.Run("nsenter", "-t", $"{init}", "-p", "-m", TestProgram.Murder, "kill", "TERM", $"{victim.ReadId()}");
        victim.Wait();
        using Child held = Child.Start("nsenter", "-t", $"{init}", "-p", "-m", TestProgram.Victim, "sleep", "30");
        held.ReadId();
        using Child outside = Child.Run(TestProgram.Murder, "kill", "INT", $"{OnlyChildOf(held.Id)}");
        held.Wait();
        IReadOnlyList<TraceProgram.Line> seen = tracer.Finish();
        Assert.Equal(inside.ReadId(), seen.Single(line => line.Status == "signal 15 (TERM)").SenderId);
        Assert.Equal(0, seen.Single(line => line.Status == "signal 2 (INT)").SenderId);
    }

    [Fact]
    public void Asked_for_by_the_id_inside_a_process_is_found_and_its_descendants_too()
    {
        LoadableBpf.Require();
        // A shell and its child, which prints its ID in the namespace and exits when it reads it back.
        const string script =
            """
            sh -c '"$0" sleep 60 & wait; exit 3' "$0" & root=$!
            "$@" --to-the-end --id $root --children & tracer=$!
            read child
            kill -TERM $child
            wait $tracer
            """;
        using Child pidns = Child.Start(TestProgram.Pidns, ["--proc", "sh", "-c", script, TestProgram.Victim, .. Tracer.Command]);
        // The two lines come in any order.
        string[] first = [pidns.ReadLine(), pidns.ReadLine()];
        Assert.Contains("attached", first);
        pidns.WriteLine(first.Single(line => line != "attached"));
        Assert.Equal(
            ["victim signal 15 (TERM)", "sh code 3"],
            new[] { pidns.ReadLine(), pidns.ReadLine() }.Select(line => JsonSerializer.Deserialize<TraceProgram.Line>(line)!).Select(exit => $"{exit.Name} {exit.Status}"));
        Assert.Equal("lost 0", pidns.ReadLine());
        Assert.Equal(0, pidns.Wait().Status);
    }

    private static int OnlyChildOf(int id)
    {
        Eventually.True(() => Proc.ChildrenOf(id).Length == 1, $"{id} has no child.");
        return Proc.ChildrenOf(id).Single();
    }
}
