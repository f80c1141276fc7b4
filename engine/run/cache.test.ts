import { describe, expect, it } from 'vitest'
import { tensor } from '../tensor.ts'
import { ResultCache } from './cache.ts'

/** A result of so many bytes. */
const sized = (bytes: number) => ({ slots: [[tensor([bytes / 4])]] })

describe('ResultCache', () => {
  it('counts the numbers in results, not models or functions', () => {
    const cache = new ResultCache()
    class Model {
      weights = new Float32Array(1000)
    }
    cache.put(1, { slots: [[{ samples: tensor([2, 3]), mask: tensor([1]) }], [new Model()]] })
    expect(cache.bytes).toBe(28)
    cache.put(1, sized(8))
    expect(cache.bytes).toBe(8)
    cache.clear()
    expect([cache.bytes, cache.size]).toEqual([0, 0])
  })

  it('lets the least recently used of older prompts go above the budget', () => {
    const cache = new ResultCache({ budgetBytes: 100 })
    cache.beginPrompt()
    for (const key of [1, 2, 3]) cache.put(key, sized(40))
    expect(cache.size).toBe(3)
    cache.beginPrompt()
    expect(cache.get(1)).toBeDefined()
    cache.put(4, sized(40))
    // 160 bytes: 2 goes, then 3, since 1 and 4 are of the present prompt.
    expect([1, 2, 3, 4].filter(key => cache.get(key))).toEqual([1, 4])
  })

  it('keeps all of the present prompt up to the limit, then drops its earliest', () => {
    const cache = new ResultCache({ budgetBytes: 0, limitBytes: 100 })
    cache.beginPrompt()
    for (const key of [1, 2]) cache.put(key, sized(40))
    expect(cache.size).toBe(2)
    cache.put(3, sized(40))
    expect([1, 2, 3].filter(key => cache.get(key))).toEqual([2, 3])
  })

  it('forgets what none of the latest prompts named', () => {
    const cache = new ResultCache({ maxPrompts: 3 })
    cache.beginPrompt()
    for (const key of [1, 2]) cache.put(key, sized(40))
    for (const key of [3, 4]) {
      cache.beginPrompt()
      cache.get(2)
      cache.put(key, sized(40))
    }
    expect(cache.size).toBe(4)
    cache.beginPrompt()
    cache.put(5, sized(40))
    expect(cache.bytes).toBe(160)
    expect([1, 2, 3, 4, 5].filter(key => cache.get(key))).toEqual([2, 3, 4, 5])
  })

  it('does not keep what is larger than the limit', () => {
    const cache = new ResultCache({ limitBytes: 100 })
    cache.put(1, sized(400))
    expect(cache.bytes).toBe(0)
  })
})
