// A picture of the input folder: the choice, and a button that brings a new one in. Its thumbnail
// stands in the card's well.
import { ImageUp } from 'lucide-react'
import { useState } from 'react'
import { uploadPicture } from '../../host/assets.ts'
import { toastError } from '../../stores/toasts.ts'
import { IconButton } from '../../ui/button.tsx'
import { pickFiles } from '../../ui/pick-files.ts'
import { Ring } from '../../ui/ring.tsx'
import { ChoiceField, type ChoiceWidget } from './choice-field.tsx'
import type { WidgetProps } from './widget-props.ts'

export function PictureField(props: WidgetProps<ChoiceWidget>) {
  const [busy, setBusy] = useState(false)
  const { widget, value, disabled, onChange, onDone } = props
  // A picture that was just brought in may not be in the catalogue's list yet.
  const known =
    typeof value === 'string' && value !== '' && !widget.options.includes(value)
      ? { ...widget, options: [value, ...widget.options] }
      : widget

  const upload = async () => {
    const [file] = await pickFiles('image/*')
    if (!file) return
    setBusy(true)
    try {
      onChange((await uploadPicture(file)).name)
      onDone()
    } catch (error) {
      toastError(error instanceof Error ? error.message : 'The picture was not taken.')
    }
    setBusy(false)
  }

  return (
    <div className="flex items-center gap-0.5">
      <div className="min-w-0 flex-1">
        <ChoiceField {...props} widget={known} />
      </div>
      <IconButton
        label="Choose a picture from this computer"
        className="nodrag h-6! w-6!"
        disabled={disabled || busy}
        onClick={upload}
      >
        {busy ? <Ring size={13} /> : <ImageUp size={13} aria-hidden />}
      </IconButton>
    </div>
  )
}
