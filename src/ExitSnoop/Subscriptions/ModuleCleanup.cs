using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace ExitSnoop.Commands.Subscriptions;

/// <summary>Ends this session's subscriptions to process exits when the module is removed from it.</summary>
public sealed class ModuleCleanup : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        PSEventManager events = Runspace.DefaultRunspace.Events;
        foreach (PSEventSubscriber subscriber in events.Subscribers.Where(subscriber => subscriber.SourceObject is ProcessExitWatcher))
            events.UnsubscribeEvent(subscriber);
    }
}
