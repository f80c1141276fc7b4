// The widget that chooses a picture of a folder, as the Load Image nodes show it.
import type { Field } from '../nodes/define.ts'

const picture = /\.(png|apng|jpe?g|jfif|webp|gif|avif|tiff?)$/i

export const isPictureName = (name: string): boolean => picture.test(name)

/** A COMBO of the picture files in `input` or `output`. */
export const pictureFile = (
  folder: 'input' | 'output',
  upload: 'image' | 'mask' = 'image',
  about?: string,
): Field<string> => ({
  type: 'COMBO',
  widget: ({ files }) => {
    const options = files(folder).filter(isPictureName)
    return { kind: 'choice', default: options[0] ?? null, options, folder, upload }
  },
  about,
})
