import { createApp } from 'vue'
import { i18n } from '../i18n'
import '../styles/tokens.css'
import '../styles/base.css'
import { watchFocusRing } from '../browser/base/focus_ring'
import { keepTime } from '../browser/identity/identity'
import ClassroomApp from './ClassroomApp.vue'

watchFocusRing()
keepTime()
createApp(ClassroomApp).use(i18n).mount('#app')
