// Cache keys. Two nodes have the same key exactly when they are of one class, were told the same,
// and everything before them was. Each distinct description is written down once and numbered
// (hash-consing), a link counts as its source's number: so the keys of a graph cost as much as the
// graph is long, where spelling out all ancestors of every node would cost its square.
import { isLosslessNumber } from 'lossless-json'
import type { NodeId } from './document.ts'
import { isLink } from './prompt.ts'

export type Key = number

export interface KeyedNode {
  type: string
  inputs: Readonly<Record<string, unknown>>
  /** The node's own answer to "has something outside changed?". NaN equals nothing, not even itself. */
  changed?: unknown
  /** Given when the node is told its id: then nodes are equal only to themselves. */
  id?: NodeId
}

/** Numbers descriptions. A number is never given twice, so forgetting one costs a miss, not an error. */
export class KeyTable {
  private numbers = new Map<string, Key>()
  private next = 1
  private length = 0
  private identities = new WeakMap<object, number>()
  readonly maxEntries: number
  readonly maxLength: number

  /** `maxLength` is in characters over all descriptions. */
  constructor({ maxEntries = 200_000, maxLength = 50_000_000 } = {}) {
    this.maxEntries = maxEntries
    this.maxLength = maxLength
  }

  get size(): number {
    return this.numbers.size
  }

  fresh(): Key {
    return this.next++
  }

  /** The number of a description; least recently asked ones are forgotten beyond the bounds. */
  intern(description: string): Key {
    const known = this.numbers.get(description)
    const key = known ?? this.fresh()
    if (known === undefined) this.length += description.length
    else this.numbers.delete(description)
    this.numbers.set(description, key)
    while (this.numbers.size > this.maxEntries || this.length > this.maxLength) {
      const [oldest] = this.numbers.keys()
      if (oldest === undefined || oldest === description) break
      this.numbers.delete(oldest)
      this.length -= oldest.length
    }
    return key
  }

  /** Stands for an object that cannot be written down: a tensor, a model, a function. */
  identity(value: object): number {
    let id = this.identities.get(value)
    if (id === undefined) this.identities.set(value, (id = this.next++))
    return id
  }
}

/** The key of a node whose sources already have theirs. Node ids and the order of inputs don't count. */
export function keyOf(node: KeyedNode, sourceKey: (id: NodeId) => Key, table: KeyTable): Key {
  if (Number.isNaN(node.changed)) return table.fresh()
  const parts = [node.type]
  if (node.id !== undefined) parts.push(`id ${JSON.stringify(node.id)}`)
  if (node.changed !== undefined) parts.push(`changed ${write(node.changed, table)}`)
  for (const name of Object.keys(node.inputs).sort()) {
    const value = node.inputs[name]
    const written = isLink(value)
      ? `@${sourceKey(String(value[0]))}.${value[1]}`
      : write(value, table)
    parts.push(`${JSON.stringify(name)} ${written}`)
  }
  return table.intern(parts.join('\n'))
}

/** Deep enough for any literal; what lies deeper counts by identity. */
const maxDepth = 32

/** JSON where it can be, `#number` where it cannot. `5` and `5.0` stay different. */
function write(value: unknown, table: KeyTable, depth = 0): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return `#${table.identity(value)}`
  if (typeof value === 'symbol') return String(value)
  if (typeof value === 'bigint') return `${value}`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : `${value}`
  if (isLosslessNumber(value)) return value.toString()
  if (depth === maxDepth) return `#${table.identity(value)}`
  if (Array.isArray(value)) return `[${value.map(item => write(item, table, depth + 1)).join()}]`
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return `#${table.identity(value)}`
  const entries = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}:${write(item, table, depth + 1)}`,
  )
  return `{${entries.sort().join()}}`
}
