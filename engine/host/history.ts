// What a run leaves behind for ComfyUI's `/history`, beside its row.
import { readJson, writeJson } from '../graph/json.ts'
import type { Shown } from '../nodes/define.ts'
import type { RunFailure } from '../run/events.ts'

export interface RunHistory {
  cached: string[]
  /** ui objects by output node. */
  shown: Record<string, Shown>
  failure?: RunFailure
  interrupted?: { node?: string; executed: string[] }
}

export const emptyHistory = (): RunHistory => ({ cached: [], shown: {} })

export const historyText = (history: RunHistory): string => writeJson(history)

export const readHistory = (text: string): RunHistory => readJson(text) as unknown as RunHistory
