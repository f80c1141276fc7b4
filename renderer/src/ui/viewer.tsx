// A picture seen large, with room for words beside it.
import { Dialog } from '@base-ui/react/dialog'
import { ChevronLeft, ChevronRight, X } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { IconButton } from './button.tsx'
import { cx } from './class-names.ts'

interface Props {
  label: string
  url: string
  onClose: () => void
  onStep?: (step: number) => void
  onDelete?: () => void
  children?: ReactNode
}

export function Viewer({ label, url, onClose, onStep, onDelete, children }: Props) {
  const [actual, setActual] = useState(false)
  return (
    <Dialog.Root open onOpenChange={open => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-canvas" />
        <Dialog.Popup
          aria-label={label}
          className="fixed inset-0 z-40 flex outline-none"
          onKeyDown={event => {
            if (event.key === 'ArrowLeft') onStep?.(-1)
            else if (event.key === 'ArrowRight') onStep?.(1)
            else if (event.key === 'Delete') onDelete?.()
            else return
            event.stopPropagation()
          }}
        >
          <div className="relative flex min-w-0 flex-1">
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the button at the top closes by key */}
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the same */}
            <div
              className={cx(
                'flex min-h-0 flex-1 p-6',
                actual ? 'overflow-auto' : 'items-center justify-center',
              )}
              onClick={event => event.target === event.currentTarget && onClose()}
            >
              <button
                type="button"
                aria-label={actual ? 'Fit to the window' : 'Actual size'}
                className={actual ? 'm-auto cursor-zoom-out' : 'contents cursor-zoom-in'}
                onClick={() => setActual(!actual)}
              >
                <img
                  key={url}
                  src={url}
                  alt={label}
                  className={cx(
                    'selectable',
                    actual ? 'max-w-none' : 'size-full min-h-0 object-contain',
                  )}
                />
              </button>
            </div>
            {onStep && (
              <>
                <IconButton
                  label="Previous"
                  keys="arrowleft"
                  look="soft"
                  className="absolute! top-1/2 left-3 size-9!"
                  onClick={() => onStep(-1)}
                >
                  <ChevronLeft size={18} aria-hidden />
                </IconButton>
                <IconButton
                  label="Next"
                  keys="arrowright"
                  look="soft"
                  className="absolute! top-1/2 right-3 size-9!"
                  onClick={() => onStep(1)}
                >
                  <ChevronRight size={18} aria-hidden />
                </IconButton>
              </>
            )}
            <IconButton
              label="Close"
              keys="escape"
              look="soft"
              side="left"
              className="absolute! top-3 right-3 size-8!"
              onClick={onClose}
            >
              <X size={16} aria-hidden />
            </IconButton>
          </div>
          {children && (
            <aside className="w-80 shrink-0 overflow-y-auto border-l border-line bg-panel p-4">
              {children}
            </aside>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
