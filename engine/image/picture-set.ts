// All pictures of a subfolder of `input` as one batch, as the nodes for sets of pictures load them.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { choice, type Field } from '../nodes/define.ts'
import { FileError, type Files } from '../nodes/files.ts'
import type { Tensor } from '../tensor.ts'
import { concatBatches, sliceBatch } from './batch.ts'
import { padTo } from './pad.ts'
import { isPictureName } from './picture-field.ts'
import { loadPicture, pictureStamp } from './picture-input.ts'
import { limits } from './picture-limits.ts'
import { resizeCovering, resizeImage } from './resize.ts'
import { imageShape } from './shape.ts'

/** A COMBO of the subfolders of `input` that hold pictures. */
export const pictureFolder: Field<string> = {
  type: 'COMBO',
  widget: ({ files }) => {
    const above = files('input').flatMap(name => name.split('/').slice(0, -1).join('/') || [])
    const options = [...new Set(above)].sort()
    return { kind: 'choice', default: options[0] ?? null, options }
  },
  about: 'A subfolder of the input folder.',
}

const fits = ['None', 'Stretch', 'Crop', 'Pad'] as const
type Fit = (typeof fits)[number]

export const fitField = choice(fits, {
  about:
    'What becomes of pictures of another size than the first: an error, other proportions, cut ' +
    'edges, or black ones.',
})

/** Names of the pictures, sorted. @throws FileError when there are none, or too many for a batch. */
export function picturesIn(files: Files, folder: string): string[] {
  const names = readdirSync(files.resolve(folder, 'input'))
    .filter(name => isPictureName(name) && !name.startsWith('.'))
    .sort()
  if (names.length === 0)
    throw new FileError(`There are no pictures in “${folder}” of the input folder.`)
  if (names.length > limits.frames)
    throw new FileError(
      `“${folder}” holds ${names.length} pictures. At most ${limits.frames} are loaded at once; ` +
        'spread them over several folders.',
    )
  return names.map(name => join(folder, name))
}

/** Changes when a picture comes, goes or is written again. */
export function setStamp(files: Files, folder: string | undefined): unknown {
  if (folder === undefined) return Number.NaN
  return picturesIn(files, folder)
    .map(name => `${name} ${pictureStamp(files, name, 'input')}`)
    .join()
}

/** Whether the folder can be loaded, in words if not. */
export function checkSet(files: Files, folder: string | undefined): true | string {
  if (folder === undefined) return true
  try {
    picturesIn(files, folder)
    return true
  } catch (error) {
    return error instanceof FileError ? error.message : `Invalid folder: ${folder}`
  }
}

export interface SetSize {
  fit: Fit
  /** As the first picture, unless above 0. */
  width?: number
  height?: number
}

/** One picture of each file, the first of an animation: [N,H,W,3]. `done` is called after each. */
export async function loadSet(
  files: Files,
  names: readonly string[],
  { fit, width = -1, height = -1 }: SetSize,
  done: (count: number) => void,
): Promise<Tensor> {
  const pictures: Tensor[] = []
  let wanted: Size | undefined
  for (const name of names) {
    const image = sliceBatch((await loadPicture(files, name, 'input')).image, 0, 1)
    const own = imageShape(image)
    wanted ??= { width: width > 0 ? width : own.width, height: height > 0 ? height : own.height }
    pictures.push(fitted(image, wanted, fit, name))
    done(pictures.length)
  }
  return concatBatches(pictures)
}

interface Size {
  width: number
  height: number
}

function fitted(image: Tensor, { width, height }: Size, fit: Fit, name: string): Tensor {
  const own = imageShape(image)
  if (own.width === width && own.height === height) return image
  switch (fit) {
    case 'Stretch':
      return resizeImage(image, width, height, 'lanczos')
    case 'Crop':
      return resizeCovering(image, width, height, 'lanczos')
    case 'Pad': {
      const scale = Math.min(width / own.width, height / own.height)
      const [w, h] = [own.width, own.height].map(side => Math.max(1, Math.round(side * scale)))
      return padTo(resizeImage(image, w!, h!, 'lanczos'), width, height, [0, 0, 0])
    }
    case 'None':
      throw new FileError(
        `“${name}” is ${own.width} × ${own.height}, and the batch ${width} × ${height}. Choose how it ` +
          'is to be resized, or put pictures of one size into the folder.',
      )
  }
}
