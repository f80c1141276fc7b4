// A transformer without some of its blocks, as skip-layer guidance asks it.
import { resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openSafetensors } from '../inference/safetensors.ts'
import { SessionPool } from '../inference/session-pool.ts'
import type { Weights } from '../inference/weights.ts'
import { addon } from './fixtures/addons.ts'
import { apart, golden, goldens, missing, reason, rnd } from './fixtures/goldens.ts'
import type { Weakening } from './kinds.ts'
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

test('Flux without its last blocks of both kinds is what a file without them holds', async () => {
  const file = addon('flux')
  const ask = async (of: Weights, without?: Weakening) => {
    const model = transformerModel(of, { pool, openWeights: openSafetensors })!
    const network = await model.network()
    return network.forward({
      x: rnd('flux.x', [1, 16, 8, 12]),
      timesteps: Float32Array.of(0.5),
      context: rnd('flux.context', [1, 7, 32]),
      y: rnd('flux.pooled', [1, 24]),
      without,
    })
  }
  const whole = await ask(file)
  const got = await ask(file, { blocks: [3], singleBlocks: [1] })
  expect(apart(got, whole)).toBeGreaterThan(1e-3)
  await pool.free()
  const left = [...file.tensors].filter(
    ([name]) => !/^(double_blocks\.3|single_blocks\.1)\./.test(name),
  )
  expect(await ask({ ...file, tensors: new Map(left) })).toEqual(got)
})
