import {
  checkSet,
  fitField,
  loadSet,
  pictureFolder,
  picturesIn,
  setStamp,
} from '../../image/picture-set.ts'
import { defineNode, optional } from '../define.ts'

export const loadImageSetFromFolder = defineNode({
  type: 'LoadImageSetFromFolderNode',
  title: 'Load Image Dataset from Folder',
  category: 'loaders',
  about: 'Opens all pictures of a subfolder of input as one batch, in the order of their names.',
  experimental: true,
  aliases: ['directory', 'folder', 'batch'],
  inputs: { folder: pictureFolder, resize_method: optional(fitField) },
  outputs: { IMAGE: 'IMAGE' },
  changed: ({ folder }, { files }) => setStamp(files, folder),
  check: ({ folder }, { files }) => checkSet(files, folder),
  async run({ folder, resize_method: fit = 'None' }, { files, signal, progress }) {
    const names = picturesIn(files, folder)
    const done = (count: number) => {
      signal.throwIfAborted()
      progress(count, names.length)
    }
    return { IMAGE: await loadSet(files, names, { fit }, done) }
  },
})
