import { createApp } from 'vue'
import { i18n } from '../i18n'
import '../styles/tokens.css'
import '../styles/base.css'
import '../styles/admin.css'
import { watchFocusRing } from '../browser/base/focus_ring'
import { keepTime } from '../browser/identity/identity'
import App from './App.vue'
import { router } from './router'

watchFocusRing()
keepTime()
createApp(App).use(i18n).use(router).mount('#app')
