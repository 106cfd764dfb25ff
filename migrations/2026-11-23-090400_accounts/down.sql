DROP TABLE sealing_keys;
DROP TABLE api_clients;
DROP TABLE password_resets;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE accounts;
