// What the page says about this machine, its engine and what was sent.
import type { SystemInfo } from '../api/contract.ts'
import { isObject, readJson } from '../graph/json.ts'
import type { Store } from '../store/store.ts'
import type { Engine } from './engine.ts'
import type { Folders } from './folders.ts'
import { describeMachine, thisMachine } from './hardware.ts'
import type { HttpClient } from './http-client.ts'
import type { Placing } from './placing.ts'
import { appVersion } from './version.ts'

const comfyuiPort = 8188
const lookEveryMs = 30_000
const lookTimeoutMs = 500

export interface SystemOptions {
  store: Store
  engine: Engine
  folders: Folders
  http: HttpClient
  /** What the user must know from this start. */
  notices: readonly string[]
  placing: Pick<Placing, 'notice'>
}

export interface System {
  info(): SystemInfo
  /** Looks whether the user's ComfyUI answers, at most every 30 s. */
  lookForComfyUi(): Promise<void>
  /** Ports that we listen on ourselves. */
  readonly ownPorts: Set<number>
}

export function createSystem(options: SystemOptions): System {
  const { store, engine, folders, http, notices, placing } = options
  const hardware = describeMachine(thisMachine())
  const ownPorts = new Set<number>()
  let comfyui: SystemInfo['comfyui']
  let lookedMs = 0

  return {
    ownPorts,
    info: () => ({
      version: appVersion,
      hardware,
      provider: engine.provider,
      engine: engine.state,
      memoryBytes: process.memoryUsage.rss() + engine.memory.rssBytes,
      sentBytes: store.ledger.sentBytes(),
      offline: store.settings.all().offline,
      folders: { data: folders.data, output: folders.output, models: folders.models },
      comfyui,
      notice:
        [...notices, placing.notice, ...engine.notices].filter(Boolean).join(' ') || undefined,
    }),
    async lookForComfyUi() {
      if (Date.now() - lookedMs < lookEveryMs || ownPorts.has(comfyuiPort)) return
      lookedMs = Date.now()
      comfyui = await findComfyUi(http)
    },
  }
}

async function findComfyUi(http: HttpClient): Promise<SystemInfo['comfyui']> {
  const url = `http://127.0.0.1:${comfyuiPort}`
  try {
    const answer = await http({
      url: `${url}/system_stats`,
      purpose: 'look for ComfyUI',
      timeoutMs: lookTimeoutMs,
      limitBytes: 2 ** 20,
    })
    const stats = readJson(answer.text())
    if (answer.status !== 200 || !isObject(stats) || !isObject(stats.system)) return undefined
    const version = stats.system.comfyui_version
    return { url, version: typeof version === 'string' ? version : undefined }
  } catch {
    // Nobody listens there, which is the usual case.
    return undefined
  }
}
