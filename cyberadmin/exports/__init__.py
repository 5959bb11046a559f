"""Lists as files, made by a worker: exactly what the screen shows, sealed until they are downloaded, gone after a week."""
