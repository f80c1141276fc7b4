import { LosslessNumber } from 'lossless-json'
import { describe, expect, it } from 'vitest'
import { type KeyedNode, KeyTable, keyOf } from './keys.ts'

const noSources = () => {
  throw new Error('no sources expected')
}

describe('keyOf', () => {
  const table = new KeyTable()
  const key = (node: Partial<KeyedNode>) =>
    keyOf({ type: 'T', inputs: {}, ...node }, noSources, table)

  it('is the same for the same description, whatever the order of inputs', () => {
    expect(key({ inputs: { a: 1, b: { x: 1, y: [2] } } })).toBe(
      key({ inputs: { b: { y: [2], x: 1 }, a: 1 } }),
    )
  })

  it.each<[string, Partial<KeyedNode>, Partial<KeyedNode>]>([
    ['types', { type: 'A' }, { type: 'B' }],
    ['values', { inputs: { a: 1 } }, { inputs: { a: 2 } }],
    ['names', { inputs: { a: 1 } }, { inputs: { b: 1 } }],
    ['numbers and texts', { inputs: { a: 1 } }, { inputs: { a: '1' } }],
    ['5 and 5.0', { inputs: { a: 5 } }, { inputs: { a: new LosslessNumber('5.0') } }],
    ['long seeds', { inputs: { a: 2n ** 64n - 1n } }, { inputs: { a: 2n ** 64n - 2n } }],
    ['null and nothing', { inputs: { a: null } }, { inputs: {} }],
    ['answers to "changed?"', { changed: 'a' }, { changed: 'b' }],
    ['ids, if asked', { id: '1' }, { id: '2' }],
    [
      'a text that looks like two inputs',
      { inputs: { a: '1"\n"b" "2' } },
      { inputs: { a: '1', b: '2' } },
    ],
    ['NaN answers', { changed: Number.NaN }, { changed: Number.NaN }],
    [
      'tensors',
      { inputs: { a: { data: new Float32Array(1) } } },
      { inputs: { a: { data: new Float32Array(1) } } },
    ],
  ])('tells %s apart', (_, one, other) => {
    expect(key(one)).not.toBe(key(other))
  })

  it('knows an object again', () => {
    const data = new Float32Array(1)
    expect(key({ inputs: { a: { data } } })).toBe(key({ inputs: { a: { data } } }))
  })

  it('counts sources by key and output, not by id', () => {
    const linked = (id: string, slot: number, source: number) =>
      keyOf({ type: 'T', inputs: { a: [id, slot] } }, () => source, table)
    expect(linked('1', 0, 7)).toBe(linked('x', 0, 7))
    expect(linked('1', 0, 7)).not.toBe(linked('1', 1, 7))
    expect(linked('1', 0, 7)).not.toBe(linked('1', 0, 8))
  })
})

describe('KeyTable', () => {
  it('forgets the least recently asked, and never gives a number twice', () => {
    const table = new KeyTable({ maxEntries: 2 })
    const [a, b] = [table.intern('a'), table.intern('b')]
    expect(table.intern('a')).toBe(a)
    const c = table.intern('c')
    expect(table.size).toBe(2)
    expect(table.intern('a')).toBe(a)
    expect([a, b, c]).not.toContain(table.intern('b'))
  })

  it('is bounded in characters too', () => {
    const table = new KeyTable({ maxLength: 10 })
    for (const letter of 'abcdef') table.intern(letter.repeat(4))
    expect(table.size).toBe(2)
  })
})
