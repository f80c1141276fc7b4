// Layouts of networks that see pictures and of smaller autoencoders: see `layout.ts`.
import { conv, each, type Layout, norm, type Part, type Tensors } from './layout.ts'
import { clipLayout } from './layouts-text.ts'

/** Under `vision_model.`: tokens of patches through blocks as CLIP's text has them. */
export const visionLayout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        'embeddings.class_embedding': ['W'],
        'embeddings.patch_embedding.weight': ['W', 3, 'SIDE', 'SIDE'],
        'embeddings.position_embedding.weight': ['PLACES', 'W'],
        ...norm('pre_layrnorm', 'W'),
        ...norm('post_layernorm', 'W'),
      },
    },
    ...clipLayout.parts.filter(({ at }) => at === 'encoder.layers.#'),
  ],
  counted: ['encoder.layers.#'],
}

/** SigLIP's, which has no token for the whole picture. */
export const siglipLayout: Layout = {
  parts: [
    {
      at: '',
      tensors: {
        'embeddings.patch_embedding.weight': ['W', 3, 'SIDE', 'SIDE'],
        'embeddings.patch_embedding.bias': ['W'],
        'embeddings.position_embedding.weight': ['PLACES', 'W'],
        ...norm('post_layernorm', 'W'),
      },
    },
    ...clipLayout.parts.filter(({ at }) => at === 'encoder.layers.#'),
  ],
  counted: ['encoder.layers.#'],
}

const taesdBlock = (name: string): Tensors => ({
  ...conv(`${name}.conv.0`, 'C', 'C'),
  ...conv(`${name}.conv.2`, 'C', 'C'),
  ...conv(`${name}.conv.4`, 'C', 'C'),
})
const plain = (name: string): Tensors => ({ [`${name}.weight`]: ['C', 'C', 3, 3] })
const taesd = (blocks: string, between: string, ends: Tensors): Layout => ({
  parts: [
    {
      at: '',
      tensors: {
        ...each(blocks.split(' '), taesdBlock),
        ...each(between.split(' '), plain),
        ...ends,
      },
    },
  ],
})

export const taesdDecoderLayout = taesd('3 4 5 8 9 10 13 14 15 18', '7 12 17', {
  ...conv('1', 'Z', 'C'),
  ...conv('19', 'C', 3),
})
export const taesdEncoderLayout = taesd('1 3 4 5 7 8 9 11 12 13', '2 6 10', {
  ...conv('0', 3, 'C'),
  ...conv('14', 'C', 'Z'),
})

/** A kernel over time, height and width. */
const conv3d = (name: string, from: string | number, to: string | number, side = 3): Tensors => ({
  [`${name}.weight`]: [to, from, side, side, side],
  [`${name}.bias`]: [to],
})

const wanResidual = (at: string): Part => ({
  at,
  tensors: {
    'residual.0.gamma': ['in'],
    ...conv3d('residual.2', 'in', 'out'),
    'residual.3.gamma': ['out'],
    ...conv3d('residual.6', 'out', 'out'),
  },
  optional: [
    { tensors: conv3d('shortcut', 'in', 'out', 1), needed: size => size('in') !== size('out') },
  ],
})

const wanHalf = (half: string, stages: string, ends: Tensors): Layout => ({
  parts: [
    wanResidual(`${half}.middle.0|${half}.middle.2`),
    wanResidual(`${half}.${stages}.#`),
    {
      at: `${half}.middle.1`,
      tensors: {
        'norm.gamma': ['c'],
        ...conv('to_qkv', 'c', '3c', 1),
        ...conv('proj', 'c', 'c', 1),
      },
    },
    { at: `${half}.${stages}.#`, tensors: conv('resample.1', 'a', 'b') },
    { at: '', tensors: { ...ends, [`${half}.head.0.gamma`]: ['LAST'] } },
  ],
  counted: [`${half}.${stages}.#`],
})

export const wanDecoderLayout = wanHalf('decoder', 'upsamples', {
  ...conv3d('conv2', 'Z', 'Z', 1),
  ...conv3d('decoder.conv1', 'Z', 'TOP'),
  ...conv3d('decoder.head.2', 'LAST', 3),
})
export const wanEncoderLayout = wanHalf('encoder', 'downsamples', {
  ...conv3d('conv1', '2Z', '2Z', 1),
  ...conv3d('encoder.conv1', 3, 'FIRST'),
  ...conv3d('encoder.head.2', 'LAST', '2Z'),
})
