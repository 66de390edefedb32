import { createApp } from 'vue'
import { i18n } from '../i18n'
import '../styles/tokens.css'
import '../styles/base.css'
import { watchFocusRing } from '../browser/focus_ring'
import App from './App.vue'
import { router } from './router'

watchFocusRing()
createApp(App).use(i18n).use(router).mount('#app')
