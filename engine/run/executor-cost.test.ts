import { describe, expect, it, vi } from 'vitest'
import { execute } from './executor.ts'
import { bench, jobOf, pictureChain } from './fixtures/run-prompt.ts'

const nodeCount = 1000

describe('a chain of 1,000 image nodes', () => {
  it('costs one key and one call a node, and nothing but the keys when cached', async () => {
    const { environment, cache, calls } = bench()
    const intern = vi.spyOn(cache.keys, 'intern')
    const job = jobOf(pictureChain(nodeCount))
    const runMs = async () => {
      const last: string[] = []
      const startedMs = performance.now()
      await execute(job, environment, new AbortController().signal, e => last.push(e.type))
      expect(last.at(-1)).toBe('finished')
      return performance.now() - startedMs
    }
    const firstMs = await runMs()
    expect(intern).toHaveBeenCalledTimes(nodeCount)
    expect(calls).toHaveLength(nodeCount)
    // What is written down for a key does not grow along the chain.
    expect(Math.max(...intern.mock.calls.map(([text]) => text.length))).toBeLessThan(50)
    const cachedMs = await runMs()
    expect(intern).toHaveBeenCalledTimes(2 * nodeCount)
    expect(calls).toHaveLength(nodeCount)
    // 0.08 s and 0.02 s on a quiet machine; this only has to tell linear from square.
    expect(firstMs).toBeLessThan(3000)
    expect(cachedMs).toBeLessThan(1000)
  })
})
