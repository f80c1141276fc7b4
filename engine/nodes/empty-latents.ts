// Blank latents of the families that do not draw on SD's: how many channels, how many pixels one
// latent pixel stands for, and, for videos, how many pictures one latent picture.
import { tensor } from '../tensor.ts'
import { defineNode, int, type NodeType } from './define.ts'
import { checkRoom } from './room.ts'

interface Side {
  default: number
  min: number
  step: number
}

interface Blank {
  type: string
  title?: string
  category: string
  about: string
  width: Side
  height: Side
  channels: number
  /** Pixels a side of a latent pixel. */
  pixels: number
}

const batch = () => int({ default: 1, min: 1, max: 4096, about: 'How many at once.' })
const side = (limits: Side) => int({ ...limits, max: 16384, about: 'In pixels.' })

/** [batch, channels, height, width] */
export function emptyPictureLatent({ channels, pixels, width, height, ...about }: Blank): NodeType {
  return defineNode({
    ...about,
    title: about.title ?? about.type,
    aliases: ['size', 'width', 'height', 'resolution'],
    inputs: { width: side(width), height: side(height), batch_size: batch() },
    outputs: { LATENT: 'LATENT' },
    check: size => checkRoom(size),
    run: ({ width, height, batch_size }) => ({
      LATENT: {
        samples: tensor([
          batch_size,
          channels,
          Math.floor(height / pixels),
          Math.floor(width / pixels),
        ]),
      },
    }),
  })
}

interface BlankVideo extends Blank {
  length: Side
  /** Pictures that a latent picture stands for; the first stands for one. */
  frames: number
}

/** [batch, channels, time, height, width] */
export function emptyVideoLatent({
  channels,
  pixels,
  frames,
  width,
  height,
  length,
  ...about
}: BlankVideo): NodeType {
  return defineNode({
    ...about,
    title: about.title ?? about.type,
    aliases: ['size', 'width', 'height', 'length', 'video'],
    inputs: {
      width: side(width),
      height: side(height),
      length: int({ ...length, max: 16384, about: 'In pictures.' }),
      batch_size: batch(),
    },
    outputs: { LATENT: 'LATENT' },
    run: ({ width, height, length, batch_size }) => ({
      LATENT: {
        samples: tensor([
          batch_size,
          channels,
          Math.floor((length - 1) / frames) + 1,
          Math.floor(height / pixels),
          Math.floor(width / pixels),
        ]),
      },
    }),
  })
}
