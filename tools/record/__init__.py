"""What AWS answers, recorded by whoever has an account, and compared with what ivsim answers: `make record`."""
