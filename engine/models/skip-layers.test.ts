// A transformer without some of its blocks, as skip-layer guidance asks it.
import { resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import { golden, goldens, missing, reason } from './fixtures/goldens.ts'
import { transformerModel } from './transformer-families.ts'

const pool = new SessionPool({ budgetBytes: 1e9 })
afterAll(() => pool.free())

describe.skipIf(missing)(`a transformer of one block${reason}`, () => {
  const ask = async (text: 'cond' | 'ncond', blocks?: readonly number[]) => {
    const g = golden('sd3_mini_samplers.safetensors')
    const file = openSafetensors(resolve(goldens, 'sd3_mini_model.safetensors'))
    const model = transformerModel(file, { pool, openWeights: openSafetensors })!
    expect(model.skipsBlocks).toBe(true)
    const y = model.admVector({ cond: g('cond'), pooled: g('pooled') }, { width: 0, height: 0 })
    const without = blocks && { blocks }
    const timesteps = Float32Array.of(500)
    const network = await model.network()
    return network.forward({ x: g('x'), timesteps, context: g(text), y, without })
  }

  test('does not hear the text without it', async () => {
    expect(await ask('cond')).not.toEqual(await ask('ncond'))
    expect(await ask('cond', [0])).toEqual(await ask('ncond', [0]))
  })

  test('is whole without blocks that it lacks', async () => {
    expect(await ask('cond', [7, 8, 9])).toEqual(await ask('cond'))
  })
})
