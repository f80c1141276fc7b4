import { expect, test } from 'vitest'
import type { DiffusionModel } from '../models/kinds.ts'
import type { RunContext } from '../nodes/define.ts'
import { nodeTypes } from '../nodes/index.ts'
import { tensor } from '../tensor.ts'
import { prompt, stubModel } from './fixtures/stub-model.ts'
import { cfgGuider, type GuiderMoment } from './guiders.ts'

/** x0 of a batch of one-pixel pictures where the positive side says 1 and the negative 0: the cfg. */
async function cfgs(type: string, batch: number): Promise<number[]> {
  const { MODEL } = nodeTypes
    .get(type)!
    .run({ model: stubModel(), min_cfg: 1 }, {} as RunContext) as {
    MODEL: DiffusionModel
  }
  const guider = cfgGuider(MODEL, [prompt(1)], [prompt(0)], 5)
  const moment = {
    x: tensor([batch, 1, 1, 1]),
    sigma: 1,
    sampling: MODEL.sampling,
    askOwn: async (...places: number[]) => places.map(p => new Float32Array(batch).fill(1 - p)),
  } as unknown as GuiderMoment
  return [...(await guider.begin()(moment, false)).denoised]
}

test.each([
  ['VideoLinearCFGGuidance', 5, [1, 2, 3, 4, 5]],
  ['VideoLinearCFGGuidance', 1, [1]],
  ['VideoTriangleCFGGuidance', 5, [1, 3, 5, 3, 1]],
])('%s over %i pictures', async (type, batch, expected) => {
  expect(await cfgs(type, batch)).toEqual(expected)
})
