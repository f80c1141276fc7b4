import { describe, expect, test } from 'vitest'
import type { Conditioning } from '../../models/kinds.ts'
import { prepareConditions } from '../../sampling/conditions.ts'
import { prompt, stubModel } from '../../sampling/fixtures/stub-model.ts'
import { askSides } from '../../sampling/guidance.ts'
import { tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { nodeTypes } from '../index.ts'

const run = async <T = { CONDITIONING: Conditioning }>(
  type: string,
  inputs: Record<string, unknown>,
): Promise<T> => (await nodeTypes.get(type)!.run(inputs, {} as RunContext)) as T

type Pair = { positive: Conditioning; negative: Conditioning }
const own: Conditioning = [prompt(1)]
const added: Conditioning = [prompt(2)]
const mask = tensor([1, 2, 2], Float32Array.of(1, 0, 0, 0))

describe('a default prompt', () => {
  const model = stubModel()
  /** x0 of each pixel of the first channel: minus the mean of the prompts that act there. */
  const drawn = async (conditioning: Conditioning) => {
    const shape = [1, 4, 2, 2]
    const prompts = [{ role: 'positive' as const, conditioning }]
    const sides = prepareConditions(model, prompts, shape)
    const network = await model.network()
    const [x0] = await askSides(network, model.sampling, sides, tensor(shape), 1)
    return [...x0!.slice(0, 4)].map(value => -value)
  }

  test('acts where the others leave room', async () => {
    const masked = [{ ...prompt(1), mask }]
    const inputs = { cond: masked, cond_DEFAULT: [prompt(5)] }
    const { CONDITIONING } = await run('ConditioningSetDefaultCombine', inputs)
    expect(await drawn(CONDITIONING)).toEqual([1, 5, 5, 5])
    const weak = [{ ...CONDITIONING[0]!, maskStrength: 0.25 }, CONDITIONING[1]!]
    expect(await drawn(weak)).toEqual([0.25 * 1 + 0.75 * 5, 5, 5, 5])
  })

  test('is not even asked where they leave none', async () => {
    const inputs = {
      positive: own,
      negative: own,
      positive_DEFAULT: added,
      negative_DEFAULT: added,
    }
    const { positive, negative } = await run<Pair>('PairConditioningSetDefaultCombine', inputs)
    expect(negative).toEqual(positive)
    const asked = model.asked.length
    expect(await drawn(positive)).toEqual([1, 1, 1, 1])
    expect(model.asked.length).toBe(asked + 1)
  })
})
