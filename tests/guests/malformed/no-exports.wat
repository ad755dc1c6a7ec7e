;; A valid component with nothing to run, to serve or to call.
(component)
