import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { commands } from './commands/registry.ts'
import { followShortcuts } from './commands/shortcuts.ts'
import { followClipboard } from './editor/clipboard.ts'
import { followDrops } from './editor/drop.ts'
import { connect } from './host/connection.ts'
import { startEvents } from './host/events.ts'
import { ErrorNotice } from './shell/error-notice.tsx'
import { startAutosave } from './stores/autosave.ts'
import { followTheme } from './stores/system.ts'
import { followUi } from './stores/ui.ts'
import './styles.css'

connect()
startEvents()
startAutosave()
followTheme()
followUi()
followShortcuts(commands)
followClipboard()
followDrops()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <ErrorNotice>
      <App />
    </ErrorNotice>
  </StrictMode>,
)
