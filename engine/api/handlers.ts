// What answers the contract: thin calls into the host, one subject a file.
import type { Host } from '../host/host.ts'
import { accountHandlers } from './handlers-account.ts'
import { answers } from './handlers-base.ts'
import { outputHandlers } from './handlers-outputs.ts'
import { runHandlers } from './handlers-runs.ts'
import { modelHandlers, systemHandlers } from './handlers-system.ts'
import { workflowHandlers } from './handlers-workflows.ts'

/** The contract, to be answered by a host: carried by WebSocket or MessagePort alike. */
export const createRouter = (host: Host) =>
  answers.router({
    catalogue: answers.catalogue.handler(() => host.catalogue()),
    events: answers.events.handler(({ signal }) => host.events.subscribe(signal)),
    workflows: workflowHandlers(host),
    runs: runHandlers(host),
    outputs: outputHandlers(host),
    models: modelHandlers(host),
    system: systemHandlers(host),
    account: accountHandlers(host),
  })
