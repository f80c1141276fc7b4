// The frame: rail, the room, status bar, and what floats above them.
import { lazy, Suspense } from 'react'
import { EditorRoom } from './editor/editor-room.tsx'
import { GalleryRoom } from './rooms/gallery/gallery-room.tsx'
import { OpenOutput } from './rooms/gallery/open-output.tsx'
import { ModelsRoom } from './rooms/models/models-room.tsx'
import { SettingsRoom } from './rooms/settings/settings-room.tsx'
import { CommandPalette } from './shell/command-palette.tsx'
import { ConnectionNotice } from './shell/connection-notice.tsx'
import { DropVeil } from './shell/drop-veil.tsx'
import { ErrorNotice } from './shell/error-notice.tsx'
import { LonePicture } from './shell/lone-picture.tsx'
import { NoticeBar } from './shell/notice-bar.tsx'
import { QueueStrip } from './shell/queue-strip.tsx'
import { Rail } from './shell/rail.tsx'
import { SaveConflict } from './shell/save-conflict.tsx'
import { ShortcutList } from './shell/shortcut-list.tsx'
import { StatusBar } from './shell/status-bar.tsx'
import { Toasts } from './shell/toasts.tsx'
import { type Room, useUi } from './stores/ui.ts'
import { TooltipProvider } from './ui/tooltip.tsx'

/** Loads when somebody goes there: most people never do. */
const AccountRoom = lazy(async () => {
  const { AccountRoom } = await import('./rooms/account/account-room.tsx')
  return { default: AccountRoom }
})

const roomViews: Record<Room, React.ComponentType> = {
  editor: EditorRoom,
  gallery: GalleryRoom,
  models: ModelsRoom,
  account: AccountRoom,
  settings: SettingsRoom,
}

export function App() {
  const room = useUi(state => state.room)
  const focus = useUi(state => state.focus)
  const View = roomViews[room]
  return (
    <TooltipProvider>
      <div className="flex h-full min-w-[640px] flex-col">
        <NoticeBar />
        <div className="flex min-h-0 flex-1">
          {!focus && <Rail />}
          <main className="flex min-h-0 min-w-0 flex-1 flex-col">
            <ErrorNotice key={room}>
              <Suspense>
                <View />
              </Suspense>
            </ErrorNotice>
          </main>
        </div>
        {!focus && (
          <footer className="border-t border-line bg-panel">
            <QueueStrip />
            <StatusBar />
          </footer>
        )}
      </div>
      <OpenOutput />
      <LonePicture />
      <CommandPalette />
      <ShortcutList />
      <ConnectionNotice />
      <SaveConflict />
      <DropVeil />
      {!(room === 'account' || room === 'settings') && <Toasts />}
    </TooltipProvider>
  )
}
