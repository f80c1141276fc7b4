import { existsSync, readFileSync, statSync } from 'node:fs'
import {
  checkSet,
  fitField,
  loadSet,
  pictureFolder,
  picturesIn,
  setStamp,
} from '../../image/picture-set.ts'
import { defineNode, int, optional, socket } from '../define.ts'
import { FileError, type Files } from '../files.ts'

/** A caption is a few sentences. */
const captionBytesMax = 1 << 20

const side = (which: string) =>
  optional(
    int({ default: -1, min: -1, max: 10000, about: `-1: the ${which} of the first picture.` }),
  )

export const loadImageTextSetFromFolder = defineNode({
  type: 'LoadImageTextSetFromFolderNode',
  title: 'Load Image and Text Dataset from Folder',
  category: 'loaders',
  about:
    'Opens all pictures of a subfolder of input, and for each the text of the file that is called like ' +
    'it, as a prompt. Without such a file the prompt is empty.',
  experimental: true,
  aliases: ['captions', 'directory', 'folder', 'batch'],
  inputs: {
    folder: pictureFolder,
    clip: socket('CLIP'),
    resize_method: optional(fitField),
    width: side('width'),
    height: side('height'),
  },
  outputs: { IMAGE: 'IMAGE', CONDITIONING: 'CONDITIONING' },
  changed: ({ folder }, { files }) =>
    folder === undefined ? Number.NaN : [setStamp(files, folder), ...captionsOf(files, folder)],
  check: ({ folder }, { files }) => checkSet(files, folder),
  async run(inputs, { files, signal, progress }) {
    const { folder, clip, resize_method: fit = 'None', width, height } = inputs
    const names = picturesIn(files, folder)
    const all = 2 * names.length
    const done = (count: number) => {
      signal.throwIfAborted()
      progress(count, all)
    }
    const IMAGE = await loadSet(files, names, { fit, width, height }, done)
    const CONDITIONING = []
    for (const text of captionsOf(files, folder)) {
      CONDITIONING.push(await clip.encode(text))
      done(names.length + CONDITIONING.length)
    }
    return { IMAGE, CONDITIONING }
  },
})

/** The text of each picture, in the pictures' order. @throws FileError */
const captionsOf = (files: Files, folder: string): string[] =>
  picturesIn(files, folder).map(name => {
    const path = files.resolve(name, 'input').replace(/\.[^.]+$/, '.txt')
    if (!existsSync(path)) return ''
    if (statSync(path).size > captionBytesMax)
      throw new FileError(`The text beside “${name}” is larger than 1 MB: that is no caption.`)
    return readFileSync(path, 'utf8').trim()
  })
