import { describe, expect, test, vi } from 'vitest'
import { ModelError } from '../../inference/model-error.ts'
import type { Adapter, TextEncoderModel, Vae } from '../../models/kinds.ts'
import { stubModel } from '../../sampling/fixtures/stub-model.ts'
import { type RunContext, ui } from '../define.ts'
import type { Models } from '../models.ts'
import { checkpointLoader } from './checkpoint-loader.ts'
import { checkpointLoaderSimple } from './checkpoint-loader-simple.ts'
import { loraLoader } from './lora-loader.ts'
import { loraLoaderModelOnly } from './lora-loader-model-only.ts'

const withModels = (models: Partial<Models>) => ({ models }) as RunContext

describe('Load Checkpoint', () => {
  test('says what is odd about the file', async () => {
    const model = { ...stubModel(), notes: ['a tensor more'] }
    const context = withModels({ checkpoint: async () => ({ model }) })
    const loaded = await checkpointLoaderSimple.run({ ckpt_name: 'odd.safetensors' }, context)
    expect(loaded[ui]).toEqual({ text: ['a tensor more'] })
  })

  test('says what the file lacks, once it is asked for', async () => {
    const model = stubModel()
    const context = withModels({ checkpoint: async () => ({ model }) })
    const loaded = await checkpointLoaderSimple.run({ ckpt_name: 'unet-only.safetensors' }, context)
    expect(loaded.MODEL).toBe(model)
    const encode = async () => (await loaded).CLIP.encode('cat')
    await expect(encode()).rejects.toThrow(ModelError)
    await expect(encode()).rejects.toThrow(/unet-only\.safetensors holds no text encoder/)
    const width = async () => (loaded.VAE as Vae).downscale
    await expect(width()).rejects.toThrow(/holds no VAE/)
  })
})

test('CheckpointLoader opens the same, before the last layer of the text where the name says so', async () => {
  const [model, earlier] = [stubModel(), {} as TextEncoderModel]
  const withStopAtLayer = vi.fn(() => earlier)
  const clip = { withStopAtLayer } as unknown as TextEncoderModel
  const context = withModels({ checkpoint: async () => ({ model, clip }) })
  const ckpt_name = 'old.safetensors'
  const plain = await checkpointLoader.run({ config_name: 'v1-inference.yaml', ckpt_name }, context)
  expect([plain.MODEL, plain.CLIP]).toEqual([model, clip])
  const config_name = 'v1-inference_clip_skip_2.yaml'
  const skipping = await checkpointLoader.run({ config_name, ckpt_name }, context)
  expect(skipping.CLIP).toBe(earlier)
  expect(withStopAtLayer.mock.calls).toEqual([[-2]])
  const lacking = withModels({ checkpoint: async () => ({ model }) })
  expect((await checkpointLoader.run({ config_name, ckpt_name }, lacking)).MODEL).toBe(model)
})

describe('Load LoRA', () => {
  const path = vi.fn((folder: string, name: string) => `/models/${folder}/${name}`)
  const context = withModels({ path })
  const recorder = () => {
    const adapters: Adapter[] = []
    const made = {
      adapters,
      withAdapter(adapter: Adapter): unknown {
        adapters.push(adapter)
        return made
      },
    }
    return made
  }

  test('puts the file on both with their strengths', async () => {
    const [model, clip] = [recorder(), recorder()]
    const both = { model: model as never, clip: clip as never as TextEncoderModel }
    const strengths = { strength_model: 0.8, strength_clip: -0.5 }
    await loraLoader.run({ ...both, lora_name: 'ink.safetensors', ...strengths }, context)
    expect(model.adapters).toEqual([{ file: '/models/loras/ink.safetensors', strength: 0.8 }])
    expect(clip.adapters).toEqual([{ file: '/models/loras/ink.safetensors', strength: -0.5 }])
  })

  test('tells of layers that found no place in either', async () => {
    const [model, clip] = [recorder(), recorder()]
    const unused = (layers: string[]) => ({ unusedLayers: () => layers })
    const inputs = {
      model: Object.assign(model, unused(['lora_te1_a', 'other', 'more'])) as never,
      clip: Object.assign(clip, unused(['lora_unet_b', 'other', 'more'])) as never,
      ...{ lora_name: 'ink.safetensors', strength_model: 1, strength_clip: 1 },
    }
    const both = await loraLoader.run(inputs, context)
    expect(both[ui]).toEqual({
      text: ['2 layers of ink.safetensors have no effect on this model ("other" …).'],
    })
    // Without a text encoder its layers are not lost.
    const textOnly = { ...inputs, model: Object.assign(model, unused(['lora_te1_a'])) as never }
    expect((await loraLoaderModelOnly.run(textOnly, context))[ui]).toBeUndefined()
  })

  test('does not even look for the file at strength 0', async () => {
    path.mockClear()
    const model = recorder()
    const inputs = { model: model as never, lora_name: 'gone.safetensors', strength_model: 0 }
    const { MODEL } = await loraLoaderModelOnly.run(inputs, context)
    expect(MODEL).toBe(model)
    expect(path).not.toHaveBeenCalled()
  })
})
