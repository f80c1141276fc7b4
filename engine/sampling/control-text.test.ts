// CLIPTextEncodeControlnet: ControlNets read their own text, the model that draws reads the prompt.
import { expect, test } from 'vitest'
import type {
  ConditioningItem,
  ControlNet,
  NetworkInput,
  TextEncoderModel,
} from '../models/kinds.ts'
import { clipTextEncodeControlnet } from '../nodes/conditioning/clip-text-encode-controlnet.ts'
import type { RunContext } from '../nodes/define.ts'
import { tensor } from '../tensor.ts'
import { prepareConditions } from './conditions.ts'
import { prompt, stubModel } from './fixtures/stub-model.ts'
import { askSides } from './guidance.ts'

test('each side asks a ControlNet with its own text', async () => {
  const seen: NetworkInput[] = []
  const net: ControlNet = {
    hint: async () => tensor([1, 3, 8, 8]),
    residuals: async input => {
      seen.push(input)
      return {}
    },
  }
  const control = { net, image: tensor([1, 8, 8, 3]), strength: 1, start: 0, end: 1 }
  const item = (value: number): ConditioningItem => ({ ...prompt(value), control })
  const clip = { encode: async () => prompt(9, 4) } as unknown as TextEncoderModel
  const { CONDITIONING } = await clipTextEncodeControlnet.run(
    { clip, conditioning: [item(1)], text: 'lines' },
    {} as RunContext,
  )
  const model = stubModel()
  const shape = [1, 4, 8, 8]
  const sides = prepareConditions(
    model,
    [
      { role: 'positive', conditioning: CONDITIONING },
      { role: 'negative', conditioning: [item(2)] },
    ],
    shape,
  )
  await askSides(await model.network(), model.sampling, sides, tensor(shape), 3)
  const texts = (inputs: NetworkInput[]) =>
    inputs.map(({ context }) => [context.shape[1], ...new Set(context.data)])
  expect(texts(seen)).toEqual([
    [4, 9],
    [2, 2],
  ])
  expect(texts(model.asked)).toEqual([
    [2, 1],
    [2, 2],
  ])
})
