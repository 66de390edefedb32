import { createApp } from 'vue'
import { i18n } from '../i18n'
import '../styles/tokens.css'
import '../styles/base.css'
import { watchFocusRing } from '../browser/focus_ring'
import ClassroomApp from './ClassroomApp.vue'

watchFocusRing()
createApp(ClassroomApp).use(i18n).mount('#app')
