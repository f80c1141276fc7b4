// What the host has to tell about its start, such as a damaged database that was put aside.
import { Info, X } from 'lucide-react'
import { useState } from 'react'
import { useSystem } from '../stores/system.ts'
import { IconButton } from '../ui/button.tsx'

export function NoticeBar() {
  const notice = useSystem(state => state.info?.notice)
  const [dismissed, setDismissed] = useState<string>()
  if (!notice || notice === dismissed) return null
  return (
    <div
      role="status"
      data-testid="notice"
      className="flex min-h-9 shrink-0 items-center gap-2.5 border-b border-line bg-warn-soft py-1.5 pr-2 pl-4"
    >
      <Info size={14} className="shrink-0 text-warn" aria-hidden />
      <p className="selectable min-w-0 flex-1 wrap-anywhere">{notice}</p>
      <IconButton label="Dismiss" className="size-6!" onClick={() => setDismissed(notice)}>
        <X size={13} aria-hidden />
      </IconButton>
    </div>
  )
}
