import { usePicture } from '../editor/picture-view.ts'
import { Viewer } from '../ui/viewer.tsx'

/** A picture that is not in the gallery, such as a preview node's, seen large. */
export function LonePicture() {
  const url = usePicture(state => state.url)
  const close = () => usePicture.setState({ url: undefined })
  return url ? <Viewer label="Picture" url={url} onClose={close} /> : null
}
