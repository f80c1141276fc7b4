// A case with true values for every node that no other test calls.
// every-node.test.ts sees to it that none is left out.
import { describe, expect, test } from 'vitest'
import type { Latent } from '../models/kinds.ts'
import { type Tensor, tensor } from '../tensor.ts'
import type { RunContext } from './define.ts'
import { nodeTypes } from './index.ts'

const context = {
  signal: new AbortController().signal,
  progress: () => {},
} as unknown as RunContext

/** Inputs and what comes out; lists where the node gives a list. */
type Case = [inputs: Record<string, unknown>, outputs: Record<string, unknown>]

const image = (height: number, width: number, value: (i: number) => number, batch = 1): Tensor =>
  tensor(
    [batch, height, width, 3],
    Float32Array.from({ length: batch * height * width * 3 }, (_, i) => value(i)),
  )
const mask = (height: number, width: number, value: (i: number) => number): Tensor =>
  tensor(
    [1, height, width],
    Float32Array.from({ length: height * width }, (_, i) => value(i)),
  )
/** The number of each pixel in all three channels. */
const counted = (height: number, width: number) => image(height, width, i => Math.floor(i / 3))
const grey = (height: number, width: number, value: number) => image(height, width, () => value)
const latent = (shape: number[], value = (i: number): number => i): Latent => ({
  samples: tensor(
    shape,
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => value(i)),
  ),
})
const blank = (...shape: number[]): Latent => ({ samples: tensor(shape) })

const cases: Record<string, Case[]> = {
  ConditioningSetAreaPercentageVideo: [
    [
      {
        conditioning: [{ cond: tensor([1, 1, 1]), setAreaToBounds: true }],
        ...{ width: 0.5, height: 0.25, temporal: 0.5, x: 0.1, y: 0.2, z: 0.3, strength: 2 },
      },
      {
        CONDITIONING: [
          {
            cond: tensor([1, 1, 1]),
            area: { width: 0.5, height: 0.25, x: 0.1, y: 0.2, unit: 'percent' },
            strength: 2,
            setAreaToBounds: false,
          },
        ],
      },
    ],
  ],
  ResolutionSelector: [
    [
      { aspect_ratio: '1:1 (Square)', megapixels: 1, multiple: 8 },
      { width: 1024, height: 1024 },
    ],
    [
      { aspect_ratio: '16:9 (Widescreen)', megapixels: 0.9, multiple: 8 },
      { width: 1296, height: 728 },
    ],
    [
      { aspect_ratio: '16:9 (Widescreen)', megapixels: 0.4, multiple: 32 },
      { width: 864, height: 480 },
    ],
  ],
  BatchImagesNode: [
    [
      {
        'images.image0': grey(1, 1, 0.1),
        'images.image1': grey(1, 1, 0.2),
        'images.image2': undefined,
      },
      { IMAGE: image(1, 1, i => (i < 3 ? 0.1 : 0.2), 2) },
    ],
    [
      { 'images.image0': grey(2, 2, 0), 'images.image1': grey(4, 8, 0.5) },
      { IMAGE: image(2, 2, i => (i < 12 ? 0 : 0.5), 2) },
    ],
  ],
  BatchMasksNode: [
    [
      { 'masks.mask0': mask(1, 2, i => i), 'masks.mask1': mask(1, 2, () => 0.5) },
      { MASK: tensor([2, 1, 2], Float32Array.of(0, 1, 0.5, 0.5)) },
    ],
  ],
  BatchLatentsNode: [
    [
      {
        'latents.latent0': latent([1, 1, 1, 2]),
        'latents.latent1': latent([1, 1, 1, 2], i => 5 - i),
      },
      {
        LATENT: { samples: tensor([2, 1, 1, 2], Float32Array.of(0, 1, 5, 4)), batchIndex: [0, 0] },
      },
    ],
  ],
  LatentCutToBatch: [
    [
      { samples: latent([1, 1, 1, 5]), dim: 'x', slice_size: 2 },
      { LATENT: { samples: tensor([2, 1, 1, 2], Float32Array.of(0, 1, 2, 3)) } },
    ],
  ],
  ResizeImageMaskNode: [
    [
      resize('scale dimensions', { width: 1, height: 2, crop: 'disabled' }, counted(2, 2)),
      { resized: image(2, 1, i => (i < 3 ? 0.5 : 2.5)) },
    ],
    [
      // In the middle of 4 × 2 lie the columns 1 and 2.
      resize('scale dimensions', { width: 2, height: 2, crop: 'center' }, counted(2, 4)),
      { resized: image(2, 2, i => [1, 2, 5, 6][Math.floor(i / 3)]!) },
    ],
    [
      resize('scale dimensions', { width: 4, height: 0, crop: 'center' }, grey(4, 8, 0.5)),
      { resized: grey(2, 4, 0.5) },
    ],
    [
      resize('scale by multiplier', { multiplier: 0.5 }, grey(6, 4, 0.25)),
      { resized: grey(3, 2, 0.25) },
    ],
    [
      resize('scale longer dimension', { longer_size: 3 }, grey(6, 4, 1)),
      { resized: grey(3, 2, 1) },
    ],
    [
      resize('scale shorter dimension', { shorter_size: 2 }, grey(6, 4, 1)),
      { resized: grey(3, 2, 1) },
    ],
    [resize('scale width', { width: 2 }, grey(6, 4, 1)), { resized: grey(3, 2, 1) }],
    [resize('scale height', { height: 3 }, grey(6, 4, 1)), { resized: grey(3, 2, 1) }],
    [
      resize('scale total pixels', { megapixels: 24 / 1024 ** 2 }, grey(3, 2, 1)),
      { resized: grey(6, 4, 1) },
    ],
    [
      resize(
        'match size',
        { match: grey(1, 1, 0), crop: 'disabled' },
        mask(2, 2, i => i),
      ),
      { resized: tensor([1, 1, 1], Float32Array.of(1.5)) },
    ],
    [resize('scale to multiple', { multiple: 4 }, grey(9, 6, 1)), { resized: grey(8, 4, 1) }],
  ],
  CenterCropImages: [
    [{ images: counted(3, 3), width: 1, height: 1 }, { images: grey(1, 1, 4) }],
    [{ images: counted(1, 3), width: 9, height: 9 }, { images: counted(1, 3) }],
  ],
  ResizeImagesByLongerEdge: [
    [{ images: grey(4, 8, 1), longer_edge: 4 }, { images: grey(2, 4, 1) }],
  ],
  ResizeImagesByShorterEdge: [
    [{ images: grey(4, 8, 1), shorter_edge: 2 }, { images: grey(2, 4, 1) }],
  ],
  ImageGrid: [
    [
      {
        images: [grey(2, 2, 1), grey(2, 2, 0.2)],
        columns: [2],
        cell_width: [2],
        cell_height: [2],
        padding: [1],
      },
      { images: image(2, 5, i => [1, 1, 0, 51 / 255, 51 / 255][Math.floor(i / 3) % 5]!) },
    ],
  ],
  SplitImageToTileList: [
    [
      { image: counted(1, 5), tile_width: 3, tile_height: 3, overlap: 1 },
      { IMAGE: [counted(1, 3), image(1, 3, i => 2 + Math.floor(i / 3))] },
    ],
  ],
  ImageMergeTileList: [
    [
      {
        image_list: [counted(1, 3), image(1, 3, i => 2 + Math.floor(i / 3))],
        final_width: [5],
        final_height: [1],
        overlap: [1],
      },
      { IMAGE: counted(1, 5) },
    ],
    [
      // The two tiles share a pixel and are worth the same there.
      {
        image_list: [grey(1, 2, 0), grey(1, 2, 1)],
        final_width: [3],
        final_height: [1],
        overlap: [1],
      },
      { IMAGE: image(1, 3, i => [0, 0.5, 1][Math.floor(i / 3)]!) },
    ],
  ],
  AdjustBrightness: [[{ images: grey(1, 1, 0.75), factor: 2 }, { images: grey(1, 1, 1) }]],
  AdjustContrast: [[{ images: grey(1, 1, 0.25), factor: 1.5 }, { images: grey(1, 1, 0.125) }]],
  GetLatentSize: [
    [{ latent: blank(2, 16, 8, 4) }, { width: 4, height: 8, frames: 1, batch_size: 2 }],
    [{ latent: blank(1, 16, 7, 8, 4) }, { width: 4, height: 8, frames: 7, batch_size: 1 }],
  ],
  TrimVideoLatent: [
    [
      { samples: latent([1, 1, 3, 1, 1]), trim_amount: 1 },
      { LATENT: { samples: tensor([1, 1, 2, 1, 1], Float32Array.of(1, 2)) } },
    ],
  ],
  EmptyHunyuanImageLatent: [[sized(2048, 1024), { LATENT: blank(1, 64, 32, 64) }]],
  EmptyChromaRadianceLatentImage: [[sized(32, 16), { LATENT: blank(1, 3, 16, 32) }]],
  EmptyFlux2LatentImage: [[sized(1248, 832), { LATENT: blank(1, 128, 52, 78) }]],
  StableCascade_EmptyLatentImage: [
    [
      { ...sized(1024, 1024), compression: 42 },
      { stage_c: blank(1, 16, 24, 24), stage_b: blank(1, 4, 256, 256) },
    ],
  ],
  EmptyHunyuanLatentVideo: [
    [{ ...sized(848, 480), length: 25 }, { LATENT: blank(1, 16, 7, 60, 106) }],
  ],
  EmptyMochiLatentVideo: [
    [{ ...sized(848, 480), length: 25 }, { LATENT: blank(1, 12, 5, 60, 106) }],
  ],
  EmptyCosmosLatentVideo: [
    [{ ...sized(128, 64), length: 121 }, { LATENT: blank(1, 16, 16, 8, 16) }],
  ],
  EmptyLTXVLatentVideo: [
    [{ ...sized(768, 512), length: 97 }, { LATENT: blank(1, 128, 13, 16, 24) }],
  ],
  ConditioningMultiply: [
    [
      {
        conditioning: [
          {
            cond: tensor([1, 1, 2], Float32Array.of(1, -2)),
            pooled: tensor([1, 1], Float32Array.of(3)),
          },
        ],
        multiplier: 2,
      },
      {
        CONDITIONING: [
          {
            cond: tensor([1, 1, 2], Float32Array.of(2, -4)),
            pooled: tensor([1, 1], Float32Array.of(6)),
          },
        ],
      },
    ],
  ],
  ConditioningSetAreaPercentage: [
    [
      {
        conditioning: [{ cond: tensor([1, 1, 1]) }],
        width: 0.5,
        height: 0.25,
        x: 0.1,
        y: 0.2,
        strength: 2,
      },
      {
        CONDITIONING: [
          {
            cond: tensor([1, 1, 1]),
            area: { width: 0.5, height: 0.25, x: 0.1, y: 0.2, unit: 'percent' },
            strength: 2,
            setAreaToBounds: false,
          },
        ],
      },
    ],
  ],
  CreateList: [
    [{ 'inputs.input0': [1, 2], 'inputs.input1': ['three'] }, { list: [1, 2, 'three'] }],
  ],
  GetItemFromList: [
    [{ list: ['a', 'b', 'c'], index: [1] }, { '*': 'b' }],
    [{ list: ['a', 'b', 'c'], index: [-1] }, { '*': 'c' }],
  ],
  CustomCombo: [
    [
      { choice: 'b', index: 0, option1: 'a', option2: 'b' },
      { STRING: 'b', INDEX: 1 },
    ],
    [
      { choice: 'elsewhere', index: 3, option1: 'a' },
      { STRING: 'elsewhere', INDEX: 3 },
    ],
  ],
  ComfyNotNode: [
    [{ value: 0 }, { BOOLEAN: true }],
    [{ value: 0n }, { BOOLEAN: true }],
    [{ value: '' }, { BOOLEAN: true }],
    [{ value: [] }, { BOOLEAN: true }],
    [{ value: 'False' }, { BOOLEAN: false }],
  ],
  ComfyNumberConvert: [
    [{ value: ' -2.75 ' }, { FLOAT: -2.75, INT: -2 }],
    [{ value: true }, { FLOAT: 1, INT: 1 }],
    [{ value: 2n ** 60n }, { FLOAT: 2 ** 60, INT: 2n ** 60n }],
  ],
  SeedNode: [[{ seed: 2n ** 64n - 1n }, { seed: 2n ** 64n - 1n }]],
  PrimitiveBoolean: [[{ value: true }, { BOOLEAN: true }]],
  PrimitiveFloat: [[{ value: 0.1 }, { FLOAT: 0.1 }]],
  PrimitiveStringMultiline: [[{ value: 'a\nb' }, { STRING: 'a\nb' }]],
  JsonExtractString: [
    [{ json_string: 'Sure! ```json\n{"a": "}", "n": {"k": 5.0}}\n```', key: 'a' }, { STRING: '}' }],
    [{ json_string: '{not} {"n": {"k": 5.0}}', key: 'n' }, { STRING: '{"k":5.0}' }],
    [{ json_string: '{"a": 1}', key: 'b' }, { STRING: '' }],
    [{ json_string: 'nothing', key: 'b' }, { STRING: '' }],
  ],
  // Python's own answers.
  StringFormat: (
    [
      ['{a:>8.3f}|{b:<6}|{c:^7}|', { a: 1.2345, b: 'ab', c: 'x' }, '   1.234|ab    |   x   |'],
      ['{a:+d}|{b:,}|{c:06.2f}', { a: 5, b: 1234567, c: 1.2345 }, '+5|1,234,567|001.23'],
      [
        '{a:g}|{b:g}|{c:.3e}',
        { a: 0.00001, b: 123456789, c: 12345.678 },
        '1e-05|1.23457e+08|1.235e+04',
      ],
      ['{a:.1%}|{b!r}|{c:x}', { a: 0.256, b: 'it', c: 255 }, "25.6%|'it'|ff"],
      ['{a:*^9}|{b:.2}|{c:=+7d}', { a: 'mid', b: 'abcdef', c: -42 }, '***mid***|ab|-    42'],
      [
        '{a:.3g}|{b:,.2f}|{{{c}}}',
        { a: 1234.5, b: 9876543.21, c: true },
        '1.23e+03|9,876,543.21|{True}',
      ],
      ['{a}', { a: 2n ** 64n - 1n }, '18446744073709551615'],
      ['none', {}, 'none'],
    ] as const
  ).map(
    ([f_string, values, STRING]): Case => [
      {
        f_string,
        ...Object.fromEntries(Object.entries(values).map(([k, v]) => [`values.${k}`, v])),
      },
      { STRING },
    ],
  ),
  VAEEncodeForInpaint: [
    [
      {
        pixels: grey(8, 8, 1),
        // The middle pixel is greyed, and its neighbourhood drawn anew.
        mask: mask(8, 8, i => (i === 27 ? 1 : 0)),
        grow_mask_by: 0,
        vae: {
          encode: async ({ data }: Tensor) => tensor([1, 1, 1, 1], Float32Array.of(data[27 * 3]!)),
        },
      },
      {
        LATENT: {
          samples: tensor([1, 1, 1, 1], Float32Array.of(0.5)),
          noiseMask: mask(8, 8, i => (i === 27 ? 1 : 0)),
        },
      },
    ],
  ],
  ImageUpscaleWithModel: [
    [
      {
        image: grey(1, 1, 0.25),
        upscale_model: { scale: 2, upscale: async ({ data }: Tensor) => grey(2, 2, data[0]!) },
      },
      { IMAGE: grey(2, 2, 0.25) },
    ],
  ],
  CLIPTextEncodeLumina2: [
    [
      {
        system_prompt: 'alignment',
        user_prompt: 'a cat',
        clip: { encode: async (words: string) => ({ cond: tensor([1, 1, 1]), words }) },
      },
      {
        CONDITIONING: [
          {
            cond: tensor([1, 1, 1]),
            words: expect.stringMatching(/^You are .* highest degree .* <Prompt Start> a cat$/),
          },
        ],
      },
    ],
  ],
  EmptyLatentAudio: [
    // Stable Audio Open's own length.
    [{ seconds: 47.6, batch_size: 2 }, { LATENT: blank(2, 64, 1024) }],
    [{ seconds: 1, batch_size: 1 }, { LATENT: blank(1, 64, 22) }],
  ],
  EmptyAceStepLatentAudio: [[{ seconds: 120, batch_size: 1 }, { LATENT: blank(1, 8, 16, 1291) }]],
  EmptyLatentHunyuan3Dv2: [[{ resolution: 3072, batch_size: 2 }, { LATENT: blank(2, 64, 3072) }]],
  ConditioningStableAudio: [
    [
      { positive: [{ cond: 1 }], negative: [{ cond: 2 }], seconds_start: 3, seconds_total: 47 },
      {
        positive: [{ cond: 1, secondsStart: 3, secondsTotal: 47 }],
        negative: [{ cond: 2, secondsStart: 3, secondsTotal: 47 }],
      },
    ],
  ],
  MarkdownNote: [[{ text: 'only for reading' }, {}]],
}

function sized(width: number, height: number) {
  return { width, height, batch_size: 1 }
}

function resize(type: string, how: Record<string, unknown>, input: Tensor) {
  const options = Object.entries(how).map(([name, value]) => [`resize_type.${name}`, value])
  return { input, resize_type: type, ...Object.fromEntries(options), scale_method: 'area' }
}

/** Pixel vectors of lengths 5 and 10, and what the operations make of them. */
test.each([
  // Their mean is 7.5 and their deviation √(25/3): full strength is 21.934.
  ['LatentOperationTonemapReinhard', { multiplier: 1 }, [2.4431, 4.1211]],
  // Directions that are all alike have no edges: nothing changes.
  ['LatentOperationSharpen', { sharpen_radius: 1, sigma: 1, alpha: 0.5 }, [3, 6]],
] as const)('%s', (type, inputs, expected) => {
  const two = tensor([1, 2, 2, 2], Float32Array.of(3, 6, 3, 6, 4, 8, 4, 8))
  const { LATENT_OPERATION } = nodeTypes.get(type)!.run(inputs, {} as RunContext) as {
    LATENT_OPERATION: (latent: Tensor) => Tensor
  }
  const { data } = LATENT_OPERATION(two)
  expect([data[0]!, data[1]!]).toEqual(expected.map(value => expect.closeTo(value, 3)))
})

test('UpscaleModelLoader asks for the file of that name', async () => {
  const asked: string[] = []
  const models = { upscaler: async (name: string) => void asked.push(name) }
  const context = { models } as unknown as RunContext
  await nodeTypes.get('UpscaleModelLoader')!.run({ model_name: 'x4.safetensors' }, context)
  expect(asked).toEqual(['x4.safetensors'])
})

const table = Object.entries(cases).flatMap(([type, list]) =>
  list.map(([inputs, outputs], i) => ({ type, i, inputs, outputs })),
)

describe('nodes', () => {
  test.each(table)('$type, case $i', async ({ type, inputs, outputs }) => {
    const node = nodeTypes.get(type)!
    const answer = await node.run(inputs, context)
    expect(Object.keys(node.outputs).sort()).toEqual(Object.keys(outputs).sort())
    for (const [name, expected] of Object.entries(outputs))
      expect(answer[name], name).toEqual(expected)
  })

  test.each([
    ['StringFormat', { f_string: '{b}', 'values.a': 1 }, /connect “b”/],
    ['StringFormat', { f_string: 'a } b' }, /Write }} for a brace/],
    ['StringFormat', { f_string: '{a:d}', 'values.a': 1.5 }, /takes a whole number/],
    ['StringFormat', { f_string: '{a:99999}', 'values.a': 1 }, /more digits than make sense/],
    ['GetItemFromList', { list: [1], index: [1] }, /has 1 entries: there is none at 1/],
    ['ComfyNumberConvert', { value: 'four' }, /“four” is not a number/],
    ['ComfyNumberConvert', { value: '' }, /is not a number/],
    ['LatentCutToBatch', { samples: blank(1, 1, 1, 1), dim: 'x', slice_size: 2 }, /shorter than 2/],
    ['TrimVideoLatent', { samples: blank(1, 1, 3, 1, 1), trim_amount: 3 }, /has 3 latent pictures/],
    [
      'ImageMergeTileList',
      { image_list: [grey(1, 2, 0)], final_width: [3], final_height: [1], overlap: [1] },
      /takes 2 tiles/,
    ],
  ])('%s refuses %o in words', (type, inputs, words) => {
    expect(() => nodeTypes.get(type)!.run(inputs, {} as RunContext)).toThrow(words)
  })
})
