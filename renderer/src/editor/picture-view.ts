// Opens a picture large: in the gallery's viewer when it is an output, by itself otherwise.
import { create } from 'zustand'
import { useGallery } from '../stores/gallery.ts'

export const usePicture = create<{ url?: string }>(() => ({}))

export function openPicture(url: string) {
  const output = useGallery.getState().outputs.find(({ hash }) => url.includes(hash))
  if (output) useGallery.setState({ open: output.id })
  else usePicture.setState({ url })
}
