// The one subscription: every event of the host goes to the store that keeps that part.

import type { HostEvent } from '../../../engine/api/contract.ts'
import { takeAccount, visit } from '../stores/account.ts'
import { loadCatalogue } from '../stores/catalogue.ts'
import { forgetOutputs, loadGallery, takeOutput } from '../stores/gallery.ts'
import { loadModels, useModels } from '../stores/models.ts'
import { rememberRuns, takeRunEvent } from '../stores/runs.ts'
import { loadSystem, useSystem } from '../stores/system.ts'
import { loadWorkflows, restoreTabs, useWorkflows } from '../stores/workflows.ts'
import { host, useConnection } from './connection.ts'

function take(event: HostEvent) {
  switch (event.type) {
    case 'output':
      return takeOutput(event.output)
    case 'outputsRemoved':
      return forgetOutputs(event.ids)
    case 'workflows':
      return useWorkflows.setState({ recent: event.workflows })
    case 'system':
      return useSystem.setState({ info: event.system })
    case 'account':
      return takeAccount(event.account)
    case 'visit':
      return void visit(event.shared)
    case 'catalogue':
      if (useModels.getState().loaded) void loadModels()
      return void loadCatalogue()
    default:
      return takeRunEvent(event)
  }
}

async function listen(line: number) {
  try {
    for await (const event of await host.events()) {
      if (useConnection.getState().opened !== line) return
      take(event)
    }
  } catch {
    // The line broke: the connection says so on the page, and the next line listens again.
  }
}

/** What ran before this page was opened. */
async function loadRuns() {
  try {
    rememberRuns(await host.runs.list({ limit: 30 }))
  } catch {
    // The strip fills with the next run; nothing to say about it.
  }
}

let first = true

/** Everything that a new line needs: the subscription, then what may have changed meanwhile. */
async function refresh(line: number) {
  void listen(line)
  await Promise.all([loadSystem(), loadCatalogue(), loadWorkflows(), loadGallery(), loadRuns()])
  if (!first) return
  first = false
  await restoreTabs()
}

/** Subscribes on every line that opens; call once. */
export function startEvents() {
  let seen = 0
  const follow = ({ opened }: { opened: number }) => {
    if (opened === seen) return
    seen = opened
    void refresh(opened)
  }
  useConnection.subscribe(follow)
  follow(useConnection.getState())
}
