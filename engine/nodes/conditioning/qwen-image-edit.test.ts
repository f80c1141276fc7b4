import { expect, test, vi } from 'vitest'
import type { TextEncoderModel, Vae } from '../../models/kinds.ts'
import { type Tensor, tensor } from '../../tensor.ts'
import type { RunContext } from '../define.ts'
import { clipTextEncodeLumina2 } from './clip-text-encode-lumina2.ts'
import { textEncodeQwenImageEdit } from './text-encode-qwen-image-edit.ts'
import { textEncodeQwenImageEditPlus } from './text-encode-qwen-image-edit-plus.ts'

const context = { signal: new AbortController().signal } as RunContext
const cond = tensor([1, 1, 1], Float32Array.of(7))
const sign = '<|vision_start|><|image_pad|><|vision_end|>'

/** Remembers texts and the sizes of pictures. */
function eyes() {
  const encode = vi.fn(async (_: unknown) => ({ cond }))
  const seen: [text: string, shapes: (readonly number[])[]][] = []
  const encodeSeeing = async (text: string, pictures: readonly Tensor[]) => {
    seen.push([text, pictures.map(({ shape }) => shape)])
    return { cond }
  }
  const clip = { encode, encodeSeeing } as unknown as TextEncoderModel
  const encoded: (readonly number[])[] = []
  const vae = {
    encode: async ({ shape }: Tensor) => {
      encoded.push(shape)
      return tensor([1, 16, 2, 2])
    },
  } as unknown as Vae
  return { clip, vae, seen, encoded, encode }
}

test('one picture: seen and shown at a million pixels, without its alpha', async () => {
  const { clip, vae, seen, encoded, encode } = eyes()
  const image = tensor([1, 100, 200, 4])
  const inputs = { clip, vae, image, prompt: 'make it blue' }
  const { CONDITIONING } = await textEncodeQwenImageEdit.run(inputs, context)
  expect(seen).toEqual([[`${sign}make it blue`, [[1, 724, 1448, 3]]]])
  expect(encoded).toEqual([[1, 724, 1448, 3]])
  expect(CONDITIONING).toEqual([{ cond, referenceLatents: [tensor([1, 16, 2, 2])] }])
  const blind = await textEncodeQwenImageEdit.run({ ...inputs, vae: undefined }, context)
  expect(blind.CONDITIONING).toEqual([{ cond }])
  await textEncodeQwenImageEdit.run({ ...inputs, image: undefined }, context)
  expect(encode).toHaveBeenCalledWith('make it blue')
})

test('several pictures: small for the encoder, large and of whole latent pixels for the model', async () => {
  const { clip, vae, seen, encoded } = eyes()
  const inputs = {
    ...{ clip, vae, prompt: 'put one on the other' },
    ...{ image1: tensor([1, 90, 60, 3]), image2: undefined, image3: tensor([1, 64, 64, 3]) },
  }
  const { CONDITIONING } = await textEncodeQwenImageEditPlus.run(inputs, context)
  expect(seen).toEqual([
    [
      `Picture 1: ${sign}Picture 3: ${sign}put one on the other`,
      [
        [1, 470, 314, 3],
        [1, 384, 384, 3],
      ],
    ],
  ])
  expect(encoded).toEqual([
    [1, 1256, 840, 3],
    [1, 1024, 1024, 3],
  ])
  expect(CONDITIONING[0]!.referenceLatents).toHaveLength(2)
})

test('an encoder that cannot see is refused in words', async () => {
  const clip = { encode: async () => ({ cond }) } as unknown as TextEncoderModel
  const run = async () =>
    textEncodeQwenImageEdit.run(
      { clip, prompt: '', vae: undefined, image: tensor([1, 8, 8, 3]) },
      context,
    )
  await expect(run()).rejects.toThrow(/cannot see pictures.*"qwen_image"/)
})

test("Lumina 2's prompt follows what it is for", async () => {
  const { clip, encode } = eyes()
  const inputs = { clip, system_prompt: 'alignment', user_prompt: 'a fox' } as const
  await clipTextEncodeLumina2.run(inputs, context)
  expect(encode).toHaveBeenCalledWith(
    'You are an assistant designed to generate high-quality images with the highest degree of ' +
      'image-text alignment based on textual prompts. <Prompt Start> a fox',
  )
})
