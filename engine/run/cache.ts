// Results of nodes, by cache key, from run to run. What the latest prompt may need stays as long as
// it can; older results go, least recently used first, above `budgetBytes`, and those that none of the
// latest `maxPrompts` named go anyway: pictures of seeds long past would fill memory to no use. Above
// `limitBytes` even results of the latest prompt go, its earliest first: then a node runs again,
// nothing breaks.
import { type Key, KeyTable } from '../graph/keys.ts'
import type { Shown } from '../nodes/define.ts'

/** Per output the list of its values. */
export interface Result {
  readonly slots: readonly (readonly unknown[])[]
  readonly shown?: Shown
}

interface Entry {
  result: Result
  sizeBytes: number
  /** The prompt that last named it. */
  prompt: number
}

export interface CacheBounds {
  budgetBytes?: number
  limitBytes?: number
  maxEntries?: number
  maxPrompts?: number
}

const megabyte = 2 ** 20

export class ResultCache {
  readonly keys = new KeyTable()
  /** Least recently used first. */
  private readonly entries = new Map<Key, Entry>()
  private readonly bounds: Required<CacheBounds>
  private totalBytes = 0
  private prompt = 0

  constructor({
    budgetBytes = 512 * megabyte,
    limitBytes = 4096 * megabyte,
    maxEntries = 20_000,
    maxPrompts = 16,
  }: CacheBounds = {}) {
    this.bounds = { budgetBytes, limitBytes, maxEntries, maxPrompts }
  }

  get bytes(): number {
    return this.totalBytes
  }

  get size(): number {
    return this.entries.size
  }

  /** From here on `get` and `put` speak for a new prompt. */
  beginPrompt(): void {
    this.prompt++
  }

  get(key: Key): Result | undefined {
    const entry = this.entries.get(key)
    if (!entry) return undefined
    entry.prompt = this.prompt
    this.entries.delete(key)
    this.entries.set(key, entry)
    return entry.result
  }

  put(key: Key, result: Result): void {
    this.remove(key)
    const sizeBytes = sizeOfValue(result.slots)
    this.entries.set(key, { result, sizeBytes, prompt: this.prompt })
    this.totalBytes += sizeBytes
    this.trim()
  }

  /** Brings the cache within its bounds. */
  trim(): void {
    const { budgetBytes, limitBytes, maxEntries, maxPrompts } = this.bounds
    for (const [key, entry] of this.entries) {
      const old = entry.prompt !== this.prompt
      const past = entry.prompt <= this.prompt - maxPrompts
      const full = this.totalBytes > limitBytes || this.entries.size > maxEntries
      if (!past && !full && !(old && this.totalBytes > budgetBytes)) break
      this.remove(key)
    }
  }

  clear(): void {
    this.entries.clear()
    this.totalBytes = 0
  }

  private remove(key: Key): void {
    const entry = this.entries.get(key)
    if (!entry) return
    this.entries.delete(key)
    this.totalBytes -= entry.sizeBytes
  }
}

/** Bytes of the typed arrays and texts in a value. Models count nothing here: their store has its own budget. */
function sizeOfValue(value: unknown, depth = 0): number {
  if (typeof value === 'string') return value.length * 2
  if (typeof value !== 'object' || value === null || depth > 6) return 0
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (Array.isArray(value))
    return value.reduce((sum, item) => sum + sizeOfValue(item, depth + 1), 0)
  if (Object.getPrototypeOf(value) !== Object.prototype) return 0
  let sum = 0
  for (const name in value) sum += sizeOfValue((value as Record<string, unknown>)[name], depth + 1)
  return sum
}
