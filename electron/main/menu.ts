// The application menu: what the system expects. Everything about workflows is in the page's own
// command list, which has the shortcuts; a second copy here would drift.
import type { MenuItemConstructorOptions } from 'electron'
import type { Electron } from './electron.ts'

export function setMenu({ Menu }: Electron, platform: NodeJS.Platform): void {
  const mac: MenuItemConstructorOptions[] = platform === 'darwin' ? [{ role: 'appMenu' }] : []
  const template: MenuItemConstructorOptions[] = [
    ...mac,
    { role: 'fileMenu' },
    // No undo here: the page undoes workflow edits, and the menu's would take its key.
    {
      label: 'Edit',
      submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }],
    },
    {
      label: 'View',
      submenu: [{ role: 'toggleDevTools' }, { role: 'togglefullscreen' }],
    },
    { role: 'windowMenu' },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
